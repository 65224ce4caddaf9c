"""Checks of a data set and of teachers' logits before a training starts."""

import numpy as np

from common.teachers import SPLITS
from common.utils.target_checks import (
    require_labels,
    require_logits,
    require_multi_hot,
    sample,
    warn_at_chance,
)


def require_data(dataset):
    """Raise ValueError unless every split has uint8 images and their labels.

    Labels are (n,) integers, or multi-hot rows (n, classes) in every split.

    Args:
        dataset: data.Dataset, perhaps of the user's own arrays.
    """
    for name in SPLITS:
        split = getattr(dataset, name)
        if split is None or not len(split.images):
            raise ValueError(f"{dataset.name} has no {name} images: set some aside for {name}")
        if split.images.dtype != "uint8":
            raise ValueError(
                f"{dataset.name}: {name} images are {split.images.dtype}: pass uint8 in 0 to 255, "
                "which networks scale themselves"
            )
        _require_labels(split, dataset, f"{dataset.name}: {name} labels")


def _require_labels(split, dataset, what):
    if dataset.multi_label:
        labels = require_multi_hot(split.labels, dataset.classes, what)
        if not np.any(labels):  # mean average precision would be undefined
            raise ValueError(f"{what} are all 0: pass images that have one")
    else:
        labels = require_labels(split.labels, dataset.classes, what)
    is_integer = labels.dtype.kind in "iu" and labels.ndim <= 1 + dataset.multi_label
    if not is_integer or len(labels) != len(split.images):
        raise ValueError(
            f"{what} are {labels.dtype} {labels.shape} for {len(split.images)} images: pass "
            'one for each image, as np.reshape(labels, -1).astype("int32")'
        )


def check_logits(targets, labels, what):
    """Raise ValueError for probabilities in place of logits; warn of logits at chance level.

    Args:
        targets: teachers.Targets of training images, of which a sample is checked.
        labels: of the same images, (n,) integers or multi-hot rows.
        what: name of the logits in messages.
    """
    rows = sample(np.arange(len(targets)))
    logits = targets.take(rows, 0)
    require_logits(logits, what)
    warn_at_chance(logits, labels[rows], what)
