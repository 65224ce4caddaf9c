"""A data set's arrays as .npy files beside TFDS's own, read with NumPy alone and checked.

`<data_dir>/arrays/<name>/` holds one file an array and `header.json`: the format's
version, the class names, and every array's shape, dtype and SHA-256.
"""

import json
import shutil
from pathlib import Path

import numpy as np

from common.utils import files, resources
from common.utils.progress_bar import progress_bar

VERSION = 1
CHUNK = 500  # rows written between two updates of the progress line


class DamagedCacheError(ValueError):
    """A cache that exists and cannot be trusted."""


def folder(name, data_dir):
    """Where the arrays of a data set lie in TFDS's folder, or will."""
    return Path(data_dir) / "arrays" / name


def write(name, data_dir, arrays, class_names):
    """Write `arrays` (a dict) and `class_names`, replacing what is there.

    An array may be anything with shape, dtype, nbytes and slices that are NumPy arrays: it is
    read in slices of `CHUNK` rows, and no more than one of them is in memory.

    Raises:
        InsufficientSpaceError: too little disk, said before anything is written.
    """
    target = folder(name, data_dir)
    size = sum(array.nbytes for array in arrays.values())
    title = f"{name}'s arrays"
    resources.require_disk(target, size, title)
    with (
        files.atomic_write(target) as temporary,
        progress_bar(size, title, "B", delay=5, unit_scale=True) as line,
    ):
        temporary.mkdir()
        written = {
            key: _written(temporary / f"{key}.npy", array, line) for key, array in arrays.items()
        }
        header = {
            "version": VERSION,
            "class_names": list(class_names),
            "arrays": {key: _description(array) for key, array in written.items()},
        }
        files.write_json(temporary / "header.json", header)
        shutil.rmtree(target, ignore_errors=True)


def read(name, data_dir):
    """Return (arrays, class names), the arrays memory-mapped; None where there is no cache.

    Raises:
        DamagedCacheError: if version, shape, dtype or checksum differ from the header's.
    """
    source = folder(name, data_dir)
    if not source.exists():
        return None
    try:
        header = json.loads((source / "header.json").read_text())
        if header["version"] != VERSION:
            raise ValueError(f"version {header['version']}, expected {VERSION}")
        arrays = {}
        for key, expected in header["arrays"].items():
            arrays[key] = np.load(source / f"{key}.npy", mmap_mode="r", allow_pickle=False)
            if _description(arrays[key]) != expected:
                raise ValueError(f"{key}.npy differs from its header")
        return arrays, tuple(header["class_names"])
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedCacheError(f"the array cache {source} is damaged ({error})") from None


def _description(array):
    return {
        "shape": list(array.shape),
        "dtype": array.dtype.str,
        "sha256": files.sha256_of([array]),
    }


def _written(path, array, line):
    """Copy `array` to an .npy file in slices; return it memory-mapped."""
    kept = np.lib.format.open_memmap(path, "w+", array.dtype, array.shape)
    for start in range(0, len(array), CHUNK):
        part = slice(start, start + CHUNK)
        kept[part] = array[part]
        line.update(kept[part].nbytes)
    kept.flush()
    return kept
