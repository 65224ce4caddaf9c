"""Raw data sets, read from the array cache or else from their source, which fills the cache."""

import dataclasses
import warnings

import numpy as np

from common.data import array_cache, download, sources


def read(spec, data_dir):
    """RawDataset of a `catalogue.DatasetSpec`; None if it is unavailable but has a fallback.

    A damaged array cache is rebuilt, and one that may not be read is passed over, with a warning.

    Args:
        data_dir: pathlib.Path of TFDS's folder, which holds the array cache too.

    Raises:
        download.UnavailableError: no prepared data, no answering host and no fallback.
        tfds_files.NotInstalledError, tfds_files.DamagedDataError, zip_images.BadArchiveError: as
            the source raises them.
        InsufficientSpaceError: the images fit neither on the disk nor in memory.
    """
    try:
        if raw := _from_cache(spec, data_dir):
            return raw
        with array_cache.locked(spec.name, data_dir):  # of the original data too
            return _from_cache(spec, data_dir, warn=False) or _from_source(spec, data_dir)
    except array_cache.UnreadableCacheError as error:
        warnings.warn(f"{error}; reading the original data instead", stacklevel=3)
        return _from_source(spec, data_dir, fill_cache=False)


def _from_cache(spec, data_dir, warn=True):
    """RawDataset, memory-mapped; None without a complete, undamaged array cache.

    Older caches of CIFAR-100 lack the superclasses.
    """
    try:
        cached = array_cache.read(spec.name, data_dir)
        if cached and ("superclasses" in cached[0] or not spec.superclasses):
            return sources.RawDataset(*cached)
    except array_cache.DamagedCacheError as error:
        if warn:
            warnings.warn(f"{error}; rebuilding it", stacklevel=4)
    return None


def _from_source(spec, data_dir, fill_cache=True):
    try:
        raw = spec.reader(spec.name, data_dir, spec.url)
    except download.UnavailableError as error:
        if not spec.fallback:
            raise
        warnings.warn(
            f"{error}. Using {spec.fallback} instead, 5,000 of MNIST's images: "
            "results on it cannot be compared with results on MNIST",
            stacklevel=4,
        )
        return None
    return cached(spec.name, data_dir, raw) if fill_cache else _in_memory(raw)


def from_cache(name, data_dir, origin):
    """RawDataset of the array cache `name`; None if it is missing, damaged or of another origin.

    Args:
        name, data_dir, origin: as in `array_cache.read`.
    """
    try:
        cached = array_cache.read(name, data_dir, origin)
        return cached and sources.RawDataset(*cached)
    except (array_cache.DamagedCacheError, array_cache.UnreadableCacheError) as error:
        warnings.warn(f"{error}; reading the original data instead", stacklevel=4)
    return None


def cached(name, data_dir, raw, origin=None):
    """`raw`, written to the array cache and memory-mapped; in memory if it cannot be written.

    Call it in `array_cache.locked`, or another process may replace what is written meanwhile.

    Args:
        name, data_dir, origin: as in `array_cache.write`.
        raw: RawDataset.
    """
    try:
        array_cache.write(name, data_dir, raw.arrays, raw.class_names, origin)
        if written := array_cache.read(name, data_dir):
            return sources.RawDataset(*written)
        error = "another process removed it"
    # a shared folder may be read-only; without locks, another process may be writing
    except (OSError, array_cache.DamagedCacheError) as caught:
        error = caught
    warnings.warn(
        f"the array cache of {name} could not be written to {data_dir} ({error})", stacklevel=5
    )
    return _in_memory(raw)


def _in_memory(raw):
    decoded = {key: np.asarray(array) for key, array in raw.arrays.items()}
    return dataclasses.replace(raw, arrays=decoded)
