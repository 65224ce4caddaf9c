"""Array cache: a data set as checksummed .npy files in TFDS's folder, read with NumPy alone.

`<data_dir>/arrays/<name>/` holds one file per array and `header.json`: the format's version, the
class names, and the shape, dtype and SHA-256 of each array.
"""

import contextlib
import json
import shutil
import time
from pathlib import Path

import numpy as np

from common.utils import files, resources
from common.utils.progress_bar import progress_bar

VERSION = 1
CHUNK = 500  # rows copied between two updates of the progress bar


class DamagedCacheError(ValueError):
    """A cache with a file that is missing, unreadable or different from its header."""


class UnreadableCacheError(OSError):
    """This user may not read the cache, which another user wrote."""


def folder(name, data_dir):
    """Path of the array cache of a data set, whether it exists or not."""
    return Path(data_dir) / "arrays" / name


@contextlib.contextmanager
def locked(name, data_dir):
    """Context that waits until no other process is in the same one, to write the cache or read it.

    What killed processes left of the cache is removed. There is no lock where this user may not
    write, or where the file system has none.
    """
    path = folder(name, data_dir).with_name(f".{name}.lock")
    busy = f"waiting for another process that reads the images of {name}"
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            new = [each for each in (path.parent, *path.parent.parents) if not each.exists()]
            stack.callback(_remove_empty, new)  # such as those of a mistyped name
            path.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(files.acquire_lock(path, busy, wait=True))
            # removed while it is held: whoever waits for it then locks a new file
            stack.callback(path.unlink, missing_ok=True)
            files.remove_temporaries(folder(name, data_dir))  # gigabytes, of a killed process
        yield


def _remove_empty(folders):
    """Remove those of the folders, the innermost first, that are empty."""
    with contextlib.suppress(OSError):
        for each in folders:
            each.rmdir()


def write(name, data_dir, arrays, class_names, origin=None):
    """Write the array cache of a data set, replacing any earlier one.

    Args:
        name: of the data set.
        data_dir: TFDS's folder.
        arrays: {key: array}; an array may be anything with shape, dtype and nbytes whose slices
            are NumPy arrays. It is read `CHUNK` rows at a time.
        class_names: one name per class.
        origin: text that `read` compares, such as a hash of the files that the arrays come from;
            or a function that returns it once the arrays were read.

    Raises:
        InsufficientSpaceError: too little disk, before anything is written.
    """
    target = folder(name, data_dir)
    size = sum(array.nbytes for array in arrays.values())
    title = f"{name}'s arrays"
    resources.require_disk(target, size, title)
    with (
        files.atomic_write(target) as temporary,
        progress_bar(size, title, "B", delay=5, unit_scale=True) as bar,
    ):
        temporary.mkdir()
        copies = {
            key: _copy_to(temporary / f"{key}.npy", array, bar) for key, array in arrays.items()
        }
        origin = origin() if callable(origin) else origin
        header = {
            "version": VERSION,
            "class_names": list(class_names),
            "arrays": {key: _description(array) for key, array in copies.items()},
        } | ({"origin": origin} if origin else {})
        files.write_json(temporary / "header.json", header)
        shutil.rmtree(target, ignore_errors=True)


def read(name, data_dir, origin=None):
    """Read a data set's cache: (memory-mapped arrays, class names); None if there is no cache.

    Args:
        name, data_dir: as in `write`.
        origin: as in `write`; None also if the cache has another one.

    Raises:
        DamagedCacheError: if version, shape, dtype or checksum differ from the header's.
        UnreadableCacheError: files that this user may not read.
    """
    source = folder(name, data_dir)
    try:
        if not source.exists():
            return None
        header = json.loads((source / "header.json").read_text(encoding="utf-8"))
        if header["version"] != VERSION:
            raise ValueError(f"version {header['version']}, expected {VERSION}")
        if origin and header["origin"] != origin:
            return None
        arrays = {}
        for key, expected in header["arrays"].items():
            arrays[key] = np.load(source / f"{key}.npy", mmap_mode="r", allow_pickle=False)
            if _description(arrays[key]) != expected:
                raise ValueError(f"{key}.npy differs from its header")
        return arrays, tuple(header["class_names"])
    except PermissionError as error:
        raise UnreadableCacheError(
            f"this user may not read the array cache {source}, which its owner can allow with "
            f"`chmod -R a+rX {source.parent}` ({error.strerror})"
        ) from None
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedCacheError(f"the array cache {source} is damaged ({error})") from None


def _description(array):
    return {
        "shape": list(array.shape),
        "dtype": array.dtype.str,
        "sha256": files.sha256_of([array]),
    }


def _copy_to(path, array, bar):
    """Copy `array` to an .npy file in chunks; return the copy, memory-mapped."""
    copy = np.lib.format.open_memmap(path, "w+", array.dtype, array.shape)
    began = time.perf_counter()
    for start in range(0, len(array), CHUNK):
        rows = slice(start, start + CHUNK)
        copy[rows] = array[rows]
        rate = min(start + CHUNK, len(array)) / (time.perf_counter() - began)
        if len(array.shape) == 4:
            bar.set_postfix_str(f"{rate:,.0f} images/s", refresh=False)
        bar.update(copy[rows].nbytes)
    copy.flush()
    return copy
