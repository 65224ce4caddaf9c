"""Pixel normalization inside each network, so that a saved model takes raw images in [0, 255]."""

import math

from common.backend import keras
from common.utils.checks import is_integer

NEUTRAL = 127.5, 70.0  # mean and standard deviation for data of unknown statistics


def statistics(image_shape, pixel_statistics=None):
    """Mean and standard deviation of each channel that a network normalizes with.

    Args:
        image_shape: (height, width, channels).
        pixel_statistics: (mean, standard deviation), one number per channel each, on the scale
            0-255, such as `Dataset.pixel_statistics`; None for `NEUTRAL`.

    Returns:
        (mean, standard deviation), two lists of floats.

    Raises:
        ValueError: not one finite number per channel, or a deviation that is not above 0.
    """
    channels = image_shape[-1]
    if pixel_statistics is None:
        pixel_statistics = ([value] * channels for value in NEUTRAL)
    mean, deviation = ([float(value) for value in values] for values in pixel_statistics)
    if not len(mean) == len(deviation) == channels:
        raise ValueError(
            f"pixel_statistics have {len(mean)} means and {len(deviation)} deviations, but the "
            f"images have {channels} channels: give one of each per channel"
        )
    if not all(map(math.isfinite, mean + deviation)) or min(deviation) <= 0:
        raise ValueError(
            f"pixel_statistics must be finite, with deviations above 0, got {(mean, deviation)}"
        )
    return mean, deviation


def standardized(image_shape, pixel_statistics=None, min_side=1):
    """Input layer and normalization: images in [0, 255] to zero mean and unit variance.

    Args:
        image_shape: (height, width, channels).
        pixel_statistics: as in `statistics`.
        min_side: least height and width for the network, so that its last stage has one pixel.

    Returns:
        (input, output), two symbolic tensors (batch, height, width, channels).

    Raises:
        ValueError: an image shape that is not three whole numbers above 0, or too small;
            statistics that do not fit it.
    """
    _check(image_shape, min_side)
    mean, deviation = statistics(image_shape, pixel_statistics)
    inputs = keras.Input(image_shape, name="pixels")
    variance = [value**2 for value in deviation]
    normalize = keras.layers.Normalization(mean=mean, variance=variance, dtype="float32")
    return inputs, normalize(inputs)


def _check(image_shape, min_side):
    shape = list(image_shape)
    if len(shape) != 3 or not all(is_integer(side, 1) for side in shape):
        raise ValueError(f"image_shape must be (height, width, channels), got {image_shape!r}")
    if min(shape[:2]) < min_side:
        raise ValueError(
            f"images of {shape[0]}x{shape[1]} pixels are too small for this network: "
            f"it needs at least {min_side}x{min_side}; enlarge them or choose another network"
        )
