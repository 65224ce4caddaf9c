"""A user's arrays of images and labels as a `Dataset`, checked; others' conventions are refused."""

import dataclasses

import numpy as np

from common.data import catalogue
from common.data.dataset import SPLITS, Dataset, Split, stratified
from common.data.held_out import set_aside
from common.utils.checks import require_positive
from common.utils.target_checks import is_multi_hot, require_labels, require_multi_hot

_SET_ASIDE = 0.1  # of the training images, for a split that is not given
_MAX_CHANNELS = 4


def from_arrays(name, train, validation=None, test=None, class_names=None, *, limit=None):
    """A `Dataset` of arrays.

    Args:
        name: as records hold it; not that of a built-in data set.
        train, validation, test: (images, labels) each. Images (n, h, w) or (n, h, w, c): uint8 or
            other integers in 0 to 255, or floats in 0 to 1, which are multiplied by 255, or in 0
            to 255; floats are rounded. Labels (n,): whole numbers from 0 on; of images with any
            number of classes each, multi-hot rows (n, classes) of 0 and 1. None: a tenth of the
            training images of each class, drawn at random and always the same ones.
        class_names: one name per class; default the numbers up to the largest training label.
        limit: as in `data.load`.

    Returns:
        Dataset, images uint8 (n, h, w, c).

    Raises:
        ValueError: images of another range, or of different shapes in the splits; labels that are
            no class numbers, start above 0 without class_names, or are not as many as the images;
            fewer than two class names, or equal ones; the name of a built-in data set; too few
            images of a class.
    """
    name = checked_name(name)
    passed = {"train": train, "validation": validation, "test": test}
    pairs = {split: _pair(split, pair) for split, pair in passed.items() if pair is not None}
    images = {split: bytes_of(pair[0], f"{split} images") for split, pair in pairs.items()}
    _require_one_shape(images)
    multi_label = is_multi_hot(pairs["train"][1])
    names = _class_names(class_names, pairs["train"][1], multi_label)
    splits = {}
    for split, (_, labels) in pairs.items():
        what = f"{split} labels"
        if multi_label:
            labels = require_multi_hot(labels, len(names), what).astype("uint8")
        else:
            labels = require_labels(labels, len(names), what).reshape(-1).astype("int32")
        if len(labels) != len(images[split]):
            raise ValueError(
                f"{len(images[split])} {split} images have {len(labels)} labels: give one per image"
            )
        splits[split] = Split(images[split], labels)
    missing = {split: _SET_ASIDE for split in passed if split not in splits}
    if missing:
        full = splits["train"]
        splits |= {k: full.take(v) for k, v in set_aside(full.labels, missing, names).items()}
    return limited(Dataset(name, names, **splits, multi_label=multi_label), limit)


def limited(dataset, limit):
    """A data set with at most `limit` images of each split, as in `data.load`."""
    require_limit(limit)
    if limit is None:
        return dataset
    splits = {split: getattr(dataset, split) for split in SPLITS}
    splits = {key: each.take(stratified(each.labels, int(limit))) for key, each in splits.items()}
    return dataclasses.replace(dataset, **splits, limit=int(limit))


def require_limit(limit):
    """Raise ValueError unless a limit is None or a whole number above 0."""
    if limit is not None:
        require_positive("limit", limit, integer=True)


def checked_name(name):
    """The name of a user's data; ValueError unless it is a text and no built-in data set."""
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"the data need a name, as records hold it, got {name!r}")
    if name in catalogue.NAMES:
        raise ValueError(f"{name!r} is a built-in data set: choose another name")
    return name


def bytes_of(images, what):
    """The images as uint8 (n, h, w, c).

    Args:
        images: as in `from_arrays`.
        what: such as "train images", for errors.

    Raises:
        ValueError: as `from_arrays`.
    """
    images = np.asarray(images)
    images = images[..., None] if images.ndim == 3 else images
    if images.ndim != 4 or images.dtype.kind not in "biuf" or not images.size:
        raise ValueError(
            f"{what} are {images.dtype} {images.shape}: pass numbers (n, height, width, channels)"
        )
    if images.shape[3] > _MAX_CHANNELS >= images.shape[1]:
        raise ValueError(
            f"{what} of shape {images.shape} have their channels first: pass "
            "np.moveaxis(images, 1, -1)"
        )
    if images.dtype == "uint8":
        return images
    low, high = images.min(), images.max()
    if not (np.isfinite(low) and np.isfinite(high) and low >= 0 and high <= 255):
        raise ValueError(
            f"{what} lie in {low:.3g} to {high:.3g}: pass uint8 in 0 to 255, or floats in 0 to 1, "
            "as they were before any standardization"
        )
    unit = images.dtype.kind == "b" or (images.dtype.kind == "f" and high <= 1)
    return np.rint(images * 255.0 if unit else images).astype("uint8")


def _pair(split, pair):
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise ValueError(f"{split} is a pair (images, labels), got a {type(pair).__name__}")
    return pair


def _require_one_shape(images):
    shapes = {split: array.shape[1:] for split, array in images.items()}
    if len(set(shapes.values())) > 1:
        raise ValueError(f"the splits' images differ in shape: {shapes}")


def _class_names(names, labels, multi_label):
    """The names as a tuple, by default numbers; ValueError unless they are distinct."""
    if names is None and multi_label:
        names = range(np.shape(labels)[1])
    if names is None:
        labels = require_labels(labels, None, "train labels")
        if np.min(labels) > 0:
            raise ValueError(
                f"train labels from {np.min(labels):g} on: classes are numbered from 0, subtract "
                f"{np.min(labels):g}, or pass class_names"
            )
        names = [str(number) for number in range(int(np.max(labels)) + 1)]
    names = tuple(str(name) for name in names)
    if len(names) < 2 or len(set(names)) < len(names):
        raise ValueError(f"class_names must be two or more that differ, got {names}")
    return names
