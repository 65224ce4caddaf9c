"""Files that are whole or absent: written to a temporary name, then renamed."""

import contextlib
import hashlib
import json
import os
import shutil
from pathlib import Path

import numpy as np


@contextlib.contextmanager
def atomic_write(path):
    """Yield a temporary path beside `path`; rename it to `path` if the block ends well.

    Raises:
        OSError: as the block does; a full disk is said with what was to be written.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}-{path.name}")
    _remove(temporary)  # what a killed process of the same number left
    try:
        with explain_disk_full(path):
            yield temporary
            os.replace(temporary, path)
    finally:
        _remove(temporary)


@contextlib.contextmanager
def explain_disk_full(path):
    """Raise OSError that says what was to be written where the block finds no room for it."""
    try:
        yield
    except (OSError, RuntimeError) as error:  # HDF5's
        if "No space left" not in str(error):
            raise
        raise OSError(f"no room left for {path}: make room, the same call goes on") from None


def remove_temporaries(path):
    """Remove what killed processes left of `path`; nothing else may be writing it.

    Its name may be a pattern: `*` for all files of a folder.
    """
    for temporary in Path(path).parent.glob(f".*-{Path(path).name}"):
        _remove(temporary)


def display_path(path):
    """`path` as users read it: from the repository's root, if it lies inside."""
    path = Path(path).resolve()
    root = Path(__file__).resolve().parents[2]
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def write_json(path, value):
    """Write `value` as indented JSON, whole or not at all."""
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(value, indent=1, allow_nan=False) + "\n")


def write_arrays(path, arrays):
    """Write a dict of NumPy arrays as .npz, whole or not at all."""
    with atomic_write(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, **arrays)


def sha256_of(arrays):
    """SHA-256, in hexadecimal, of arrays' dtypes, shapes and bytes, in order."""
    result = hashlib.sha256()
    for array in arrays:
        array = np.ascontiguousarray(array)
        result.update(f"{array.dtype.str}{array.shape}".encode())
        result.update(array.data)
    return result.hexdigest()


def _remove(path):
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
