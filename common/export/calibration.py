"""Calibration images of int8 files: which are chosen, and their check."""

import numpy as np

from common.utils import files
from common.utils.checks import require_at_least, require_seed

MIN_CALIBRATION_IMAGES = 100  # with fewer, the ranges of activations depend on single images
_DEFAULT = 500


def calibration_images(dataset, count=_DEFAULT, seed=0):
    """Training images, drawn without replacement, from which int8 takes the activations' ranges.

    The same data, count and seed give the same images.

    Args:
        dataset: data.Dataset.
        count: of images, at least 100; if there are fewer training images, all of them are taken.
        seed: of the choice.

    Returns:
        uint8 (count, h, w, c).
    """
    require_at_least("count", count, MIN_CALIBRATION_IMAGES)
    require_seed(seed)
    images = dataset.train.images
    rows = np.random.default_rng(seed).permutation(len(images))[:count]
    return np.asarray(images[np.sort(rows)])


def require_calibration(images, image_shape):
    """Raise ValueError unless `images` can calibrate a network of `image_shape`.

    Args:
        images: anything; pixels as the network takes them.
        image_shape: (h, w, c).
    """
    if images is None:
        raise ValueError(
            f"int8 needs calibration=, at least {MIN_CALIBRATION_IMAGES} training images, such "
            "as export.calibration_images(dataset)"
        )
    shape = np.shape(images)
    if tuple(shape[1:]) != tuple(image_shape):
        raise ValueError(
            f"the calibration images have shape {tuple(shape[1:])}, the network takes "
            f"{tuple(image_shape)}: pass training images of this network"
        )
    if len(images) < MIN_CALIBRATION_IMAGES:
        raise ValueError(
            f"{len(images)} calibration images are too few for the ranges of activations: pass "
            f"at least {MIN_CALIBRATION_IMAGES}"
        )


def description(images):
    """{"images": number, "sha256": 16 hexadecimal digits} of calibration images, for records."""
    return {"images": len(images), "sha256": files.sha256_of([np.asarray(images)])[:16]}
