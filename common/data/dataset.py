"""Dataset and Split: images and labels of train, validation and test, and how they are split."""

import dataclasses
import functools

import numpy as np

from common.utils import files, packages
from common.utils.target_checks import is_multi_hot

SPLITS = ("train", "validation", "test")
_CHUNK = 500  # images that are float64 at a time


@dataclasses.dataclass(frozen=True)
class Split:
    """images: uint8 (n, h, w, c), 0-255; labels: int32 (n,), or multi-hot uint8 (n, classes)."""

    images: np.ndarray
    labels: np.ndarray

    def __len__(self):
        return len(self.labels)

    def take(self, rows):
        """The `Split` of these rows: indices, a boolean mask or a slice."""
        return Split(self.images[rows], self.labels[rows])


@dataclasses.dataclass(frozen=True)
class Dataset:
    """Train, validation and test splits with their class names and pixel statistics.

    Args:
        name: name of the data set in records.
        class_names: one name per class; class k is label k.
        limit: the `limit` that the splits were loaded with; None for all images.
        superclasses: the superclass index of each class; empty if there are none.
        superclass_names: one name per superclass.
        fixed_statistics: `pixel_statistics` to use instead of those of the training images.
        catalogued: whether `data.load` read it, so that name and limit say which images it has.
        multi_label: whether labels are multi-hot rows; None: whether the training labels are, of
            which one-hot rows, of one class each, are not. Subsets keep it, even if each of their
            images has one class.
    """

    name: str
    class_names: tuple
    train: Split
    validation: Split
    test: Split
    limit: int | None = None
    superclasses: tuple = ()
    superclass_names: tuple = ()
    fixed_statistics: tuple | None = None
    catalogued: bool = False
    multi_label: bool | None = None

    def __post_init__(self):
        if self.multi_label is None and self.train is not None:
            object.__setattr__(self, "multi_label", is_multi_hot(self.train.labels))

    @property
    def classes(self):
        """Number of classes."""
        return len(self.class_names)

    @property
    def image_shape(self):
        """(height, width, channels)."""
        return self.train.images.shape[1:]

    @functools.cached_property
    def digest(self):
        """16 hexadecimal digits of a hash of all images and labels; None if `catalogued`.

        Two data sets of one name, such as the same photographs at 32 and at 48 pixels, have other
        digests, and so other runs and other logits.
        """
        if self.catalogued:
            return None
        splits = [split for split in (self.train, self.validation, self.test) if split is not None]
        arrays = [array for each in splits for array in (each.images, _comparable(each.labels))]
        return files.sha256_of(arrays)[:16]

    @property
    def identity(self):
        """The fields of a `runs.Run` that say on which images it is trained."""
        return {"dataset": self.name, "limit": self.limit, "digest": self.digest}

    @functools.cached_property
    def pixel_statistics(self):
        """(mean, standard deviation) of each channel, on the scale 0-255, for normalization.

        The published ones of a data set in the catalogue, whatever its `limit`; otherwise those
        of the training images, computed once.
        """
        return self.fixed_statistics or channel_statistics(self.train.images)

    def with_train(self, train, name=None):
        """This data set with the training split `train`, perhaps under another name.

        The pixel statistics stay the same, so that a network normalizes images equally for every
        subset of the training images.
        """
        return dataclasses.replace(
            self, name=name or self.name, train=train, fixed_statistics=self.pixel_statistics
        )

    def trainval(self):
        """This data set, named `<name>_all`, with the validation images added to `train`.

        Use it for final runs, after every choice is made: the validation accuracy is then
        meaningless.
        """
        images, labels = (
            np.concatenate([getattr(split, field) for split in (self.train, self.validation)])
            for field in ("images", "labels")
        )
        return self.with_train(Split(images, labels), self.name + packages.TRAINVAL_SUFFIX)


def _comparable(labels):
    """The labels in a dtype that equal numbers share, whatever integers they were."""
    labels = np.asarray(labels)
    return labels.astype("int64" if labels.dtype.kind in "iub" else "U")


def channel_statistics(images):
    """Mean and standard deviation of each channel, in float64.

    Args:
        images: (n, h, w, c), n > 0; never held in float64 as a whole.

    Returns:
        (mean, standard deviation), tuples of c floats; a deviation of 0 is returned as 1, so that
        a constant channel normalizes to 0.
    """
    chunks = [images[start : start + _CHUNK] for start in range(0, len(images), _CHUNK)]
    axes, count = (0, 1, 2), images[..., 0].size
    mean = sum(chunk.sum(axes, dtype="float64") for chunk in chunks) / count
    squares = sum(np.square(chunk - mean).sum(axes) for chunk in chunks)
    deviation = np.sqrt(squares / count)
    deviation[deviation == 0] = 1
    return tuple(mean.tolist()), tuple(deviation.tolist())


def split_arrays(arrays, validation_fraction, by_class):
    """{"train", "validation", "test"}: `Split` of each.

    Args:
        arrays: {"train_images", "train_labels", "test_images", "test_labels"}.
        validation_fraction: fraction of the training images, in (0, 1), that becomes the
            validation split.
        by_class: whether that is the first images of each class; otherwise the last rows.
    """
    full = Split(arrays["train_images"], arrays["train_labels"])
    count = round(len(full) * validation_fraction)
    if by_class:
        validation = stratified(full.labels, count)
        train = np.setdiff1d(np.arange(len(full)), validation)
    else:
        train, validation = slice(None, -count), slice(-count, None)
    return {
        "train": full.take(train),
        "validation": full.take(validation),
        "test": Split(arrays["test_images"], arrays["test_labels"]),
    }


def stratified(labels, count):
    """Sorted row indices of the first images of each class, `count` in all, in proportion.

    Of multi-hot labels, `count` rows spread evenly over all.

    Args:
        labels: (n,) integers, or (n, classes); if n is below `count`, all rows are returned.
    """
    if np.ndim(labels) == 2:
        return np.unique(np.linspace(0, len(labels) - 1, min(count, len(labels))).astype(int))
    sizes = np.bincount(labels)
    exact = sizes * min(count, len(labels)) / len(labels)
    quotas = np.floor(exact).astype(int)
    missing = min(count, len(labels)) - quotas.sum()
    quotas[np.argsort(quotas - exact, kind="stable")[:missing]] += 1  # largest remainders first
    rows = [np.flatnonzero(labels == index)[:quota] for index, quota in enumerate(quotas)]
    return np.sort(np.concatenate(rows))
