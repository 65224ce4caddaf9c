"""Raw data sets, from the array cache or else from their source, which then fills the cache."""

import dataclasses
import warnings

import numpy as np

from common.data import array_cache, download, sources


def read(spec, data_dir):
    """RawDataset of a `catalogue.DatasetSpec`; None if it is unavailable but has a fallback.

    A damaged array cache is rebuilt, with a warning.

    Args:
        data_dir: pathlib.Path of TFDS's folder, which holds the array cache too.

    Raises:
        download.UnavailableError: no prepared data, no answering host and no fallback.
        tfds_files.NotInstalledError, tfds_files.DamagedDataError, zip_images.BadArchiveError: as
            the source raises them.
        InsufficientSpaceError: images that fit neither on the disk nor in memory.
    """
    return _from_cache(spec, data_dir) or _from_source(spec, data_dir)


def _from_cache(spec, data_dir):
    """RawDataset, memory-mapped; None without a complete, undamaged array cache."""
    try:
        cached = array_cache.read(spec.name, data_dir)
        if cached and ("superclasses" in cached[0] or not spec.superclasses):
            return sources.RawDataset(*cached)
    except array_cache.DamagedCacheError as error:
        warnings.warn(f"{error}; rebuilding it", stacklevel=4)
    return None


def _from_source(spec, data_dir):
    try:
        raw = spec.reader(spec.name, data_dir, spec.url)
    except download.UnavailableError as error:
        if not spec.fallback:
            raise
        warnings.warn(
            f"{error}. Using {spec.fallback} instead, 5,000 of MNIST's images: "
            "its numbers are not MNIST's",
            stacklevel=4,
        )
        return None
    return _cached(spec.name, data_dir, raw)


def _cached(name, data_dir, raw):
    """`raw`, written to the array cache and memory-mapped; in memory if it cannot be written."""
    try:
        array_cache.write(name, data_dir, raw.arrays, raw.class_names)
        return sources.RawDataset(*array_cache.read(name, data_dir))
    except OSError as error:  # a shared folder may be read-only; another process may be writing
        warnings.warn(f"no array cache of {name} written to {data_dir} ({error})", stacklevel=5)
    decoded = {key: np.asarray(array) for key, array in raw.arrays.items()}
    return dataclasses.replace(raw, arrays=decoded)
