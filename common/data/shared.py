"""Data sets shared with other processes, which memory-map the arrays instead of receiving them."""

import dataclasses
import functools
import os
from pathlib import Path

import numpy as np

from common.data.dataset import SPLITS, Dataset, Split


@dataclasses.dataclass(frozen=True)
class MappedArray:
    """Position of an array in a file, from which `load` memory-maps it.

    Args:
        path: of the file.
        dtype, shape: of the array.
        offset: of its first byte.
        modified: time of the file in ns, by which `load` notices that it was replaced.
    """

    path: str
    dtype: str
    shape: tuple
    offset: int
    modified: int

    def load(self):
        """The array, memory-mapped, read-only; ValueError if the file was replaced meanwhile."""
        if os.stat(self.path).st_mtime_ns != self.modified:
            raise ValueError(f"{self.path} changed since the training began: run the command again")
        return np.memmap(self.path, self.dtype, "r", self.offset, self.shape)


@dataclasses.dataclass(frozen=True)
class SharedDataset:
    """A data set without its arrays, small enough to be sent to another process.

    Args:
        description: `Dataset` whose splits are None.
        arrays: (images, labels), each a MappedArray, of train, validation and test.
    """

    description: Dataset
    arrays: tuple

    def load(self):
        """The `Dataset`; the same object for equal arguments in one process.

        Raises:
            ValueError, FileNotFoundError: a file was replaced or removed meanwhile.
        """
        return _load(self)


def share(dataset, folder):
    """`SharedDataset` of a data set; arrays that are not in a file yet are written to `folder`.

    Args:
        dataset: Dataset.
        folder: existing folder that the other processes can read.
    """
    arrays = tuple(
        tuple(
            _mapped(array, Path(folder) / f"{split}_{field}.npy")
            for field in ("images", "labels")
            for array in [getattr(getattr(dataset, split), field)]
        )
        for split in SPLITS
    )
    return SharedDataset(dataclasses.replace(dataset, **dict.fromkeys(SPLITS)), arrays)


@functools.lru_cache(maxsize=2)
def _load(shared):
    splits = {
        name: Split(*(array.load() for array in pair))
        for name, pair in zip(SPLITS, shared.arrays, strict=True)
    }
    return dataclasses.replace(shared.description, **splits)


def _mapped(array, path):
    """`MappedArray` of an array: in the file that it is mapped from, or else written to `path`."""
    root = array
    while isinstance(root.base, np.memmap):
        root = root.base
    if not (isinstance(array, np.memmap) and array.flags.c_contiguous and array.filename):
        np.save(path, array)
        return _mapped(np.load(path, mmap_mode="r"), path)
    start = root.offset + array.ctypes.data - root.ctypes.data
    file = Path(array.filename).resolve()
    modified = file.stat().st_mtime_ns
    return MappedArray(str(file), array.dtype.str, array.shape, start, modified)
