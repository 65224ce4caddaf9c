"""Pixels in, as published: every model scales its own, so a saved one needs nothing outside."""

from common.backend import keras
from common.utils.checks import is_integer

# mean and standard deviation of the training pixels, a channel, on the scale 0-255
STATISTICS = {
    (28, 28, 1): ((33.32,), (78.57,)),  # MNIST
    (32, 32, 3): ((129.3, 124.1, 112.4), (68.2, 65.4, 70.4)),  # CIFAR-100
    (64, 64, 3): ((122.5, 114.3, 101.4), (70.5, 68.6, 71.8)),  # Tiny ImageNet, all 100,000
}


def statistics(image_shape):
    """(mean, standard deviation), each one float a channel, of the data set with this shape.

    Any other shape gets mean 127.5 and deviation 70.
    """
    channels = image_shape[-1]
    return STATISTICS.get(tuple(image_shape), ((127.5,) * channels, (70.0,) * channels))


def standardized(image_shape, least=1):
    """Return (inputs, outputs): images in [0, 255] to zero mean and unit variance by `statistics`.

    Args:
        image_shape: (height, width, channels).
        least: pixels a side that the net needs, so that its last stage has one.

    Raises:
        ValueError: an image shape that is not three whole numbers above 0, or too small.
    """
    _check(image_shape, least)
    mean, deviation = statistics(image_shape)
    inputs = keras.Input(image_shape, name="pixels")
    variance = [value**2 for value in deviation]
    scaled = keras.layers.Normalization(mean=list(mean), variance=variance, dtype="float32")
    return inputs, scaled(inputs)


def _check(image_shape, least):
    sides = list(image_shape)
    if len(sides) != 3 or not all(is_integer(side, 1) for side in sides):
        raise ValueError(f"image_shape must be (height, width, channels), got {image_shape!r}")
    if min(sides[:2]) < least:
        raise ValueError(
            f"images of {sides[0]}x{sides[1]} pixels are too small for this net: "
            f"it needs at least {least}x{least}"
        )
