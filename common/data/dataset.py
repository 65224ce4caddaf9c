"""A data set's three parts as arrays, and how training images are held out for validation."""

import dataclasses

import numpy as np

from common.utils import packages


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

    def trainval(self):
        """These data, named `<name>_all`, with the validation images among the training images.

        For final runs after every choice is made: what they measure on validation means nothing.
        """
        both = zip(
            dataclasses.astuple(self.train), dataclasses.astuple(self.validation), strict=True
        )
        train = Split(*(np.concatenate(pair) for pair in both))
        return dataclasses.replace(self, name=self.name + packages.TRAINVAL_SUFFIX, train=train)


def split_arrays(arrays, held_out, by_class):
    """{"train", "validation", "test"}: `Split` of each.

    Args:
        arrays: {"train_images", "train_labels", "test_images", "test_labels"}.
        held_out: share of the training images that becomes the validation split.
        by_class: whether that is the first of each class, else the last of all.
    """
    train = Split(arrays["train_images"], arrays["train_labels"])
    count = round(len(train) * held_out)
    if by_class:
        validation = stratified(train.labels, count)
        kept = np.setdiff1d(np.arange(len(train)), validation)
    else:
        kept, validation = slice(None, -count), slice(-count, None)
    return {
        "train": train.take(kept),
        "validation": train.take(validation),
        "test": Split(arrays["test_images"], arrays["test_labels"]),
    }


def stratified(labels, count):
    """Rows of the first images of each class, `count` in all, classes in proportion."""
    sizes = np.bincount(labels)
    exact = sizes * min(count, len(labels)) / len(labels)
    quota = np.floor(exact).astype(int)
    left = min(count, len(labels)) - quota.sum()
    quota[np.argsort(quota - exact, kind="stable")[:left]] += 1  # largest remainders first
    first = [np.flatnonzero(labels == index)[:most] for index, most in enumerate(quota)]
    return np.sort(np.concatenate(first))
