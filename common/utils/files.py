"""Atomic file writes (temporary name, then rename), and checksums of arrays."""

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
import threading
from pathlib import Path

import filelock
import numpy as np

from common.utils import packages

_MAX_NAME = 60  # bytes of a name within a file's name
_WITHOUT_LOCKS = (errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.ENOLCK)


@contextlib.contextmanager
def atomic_write(path):
    """Context of a temporary path beside `path`, renamed to `path` unless the block raises.

    Missing parent folders are created. The temporary file or folder is removed on an error.

    Raises:
        OSError: as raised in the block; if the disk is full, it names `path`.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}-{threading.get_native_id()}-{path.name}")
    _remove(temporary)  # left by a killed process with the same number
    try:
        with explain_disk_full(path):
            yield temporary
            os.replace(temporary, path)
    finally:
        _remove(temporary)


def replace(source, path):
    """Rename `source` to `path`, in place of the file or folder there.

    A folder is removed when the new one is in its place, and put back if the renaming fails.
    """
    if not path.is_dir():
        os.replace(source, path)
        return
    former = source.with_name(f".former-{path.name}")
    path.rename(former)
    try:
        source.rename(path)
    except OSError:
        former.rename(path)
        raise
    shutil.rmtree(former)


def acquire_lock(path, busy, *, wait=False):
    """A file lock of `path`, whose folder exists, acquired: a context that releases it at its end.

    Args:
        path: of the lock file.
        busy: message if another process holds the lock.
        wait: whether to print the message and wait, instead of raising it.

    Raises:
        ValueError: another process holds it.
        OSError: a file system without locks, which it names; a missing folder.
    """
    lock = filelock.FileLock(path)
    try:
        return lock.acquire(blocking=False)
    except filelock.Timeout:
        if not wait:
            raise ValueError(busy) from None
        print(busy, flush=True)
        return lock.acquire()
    except (OSError, NotImplementedError) as error:  # filelock's for ENOSYS
        if isinstance(error, OSError) and error.errno not in _WITHOUT_LOCKS:
            raise
        raise OSError(
            f"the file system of {Path(path).parent} has no locks, which keep two processes from "
            "writing the same files: choose an output folder on another one"
        ) from None


@contextlib.contextmanager
def explain_disk_full(path):
    """Context that turns an error about a full disk into an OSError that names `path`."""
    try:
        yield
    except (OSError, RuntimeError) as error:  # HDF5 raises RuntimeError
        if "No space left" not in str(error):
            raise
        raise OSError(
            f"the disk is full, so {path} was not written: free some space and run again, which "
            "resumes"
        ) from None


def size(path):
    """Bytes of a file; 0 if it is missing, as one that another process has moved."""
    try:
        return Path(path).stat().st_size
    except FileNotFoundError:
        return 0


def remove_temporaries(path):
    """Remove the temporary files of `path` that killed processes left.

    No other process may be writing `path` meanwhile. The name may be a pattern: `*` for all files
    of a folder.
    """
    for temporary in Path(path).parent.glob(f".*-{Path(path).name}"):
        prefix = re.match(r"\.\d+-\d+-", temporary.name)
        if prefix and Path(temporary.name[prefix.end() :]).match(Path(path).name):
            _remove(temporary)


def display_path(path):
    """`path` for messages: relative to the repository's root if inside it, else absolute."""
    path = Path(path).resolve()
    inside = path.is_relative_to(packages.ROOT)
    return str(path.relative_to(packages.ROOT)) if inside else str(path)


def write_json(path, value):
    """Write `value` as indented JSON, atomically; ValueError for nan or infinity."""
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(value, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def write_arrays(path, arrays):
    """Write {name: NumPy array} as .npz, atomically."""
    with atomic_write(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, **arrays)


def sha256_of(arrays):
    """SHA-256, in hexadecimal, of arrays' dtypes, shapes and bytes, in order."""
    digest = hashlib.sha256()
    for array in arrays:
        array = np.ascontiguousarray(array)
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(array.data)
    return digest.hexdigest()


def name_part(text):
    """`text` as a part of a file's name, with `_` for spaces, signs and hyphens.

    A file's name holds 255 bytes: a part above 60 is cut, and ends in 8 digits of a hash of `text`.
    """
    part = re.sub(r"[^\w.+]", "_", text)
    return part if len(part.encode()) <= _MAX_NAME else _with_digest(part, text)


def unique_name_part(text):
    """As `name_part`, unlike that of any other text: one with replaced signs ends in a hash."""
    part = name_part(text)
    return part if part in (text, _with_digest(part, text)) else _with_digest(part, text)


def _with_digest(part, text):
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:8]
    return f"{part.encode()[: _MAX_NAME - 9].decode(errors='ignore')}_{digest}"


def _remove(path):
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
