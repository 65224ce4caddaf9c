"""ShuffleNet V2; Ma et al. 2018, arXiv:1807.11164, figure 3 and table 5, for small images."""

from common.backend import keras, layers, ops
from common.models import blocks
from common.models.blocks import channel_shuffle
from common.models.initial_weights import he_normal
from common.models.pixels import standardized

STAGES = ((116, 4), (232, 8), (464, 4))  # channels and units


def shuffle_v2(image_shape, classes, *, seed=0, pixel_statistics=None):
    """ShuffleNet V2 at width 1 as in RepDistiller (Tian et al. 2020, arXiv:1910.10699); logits.

    A 1x1 stem instead of the paper's strided one, three stages that each halve height and
    width, 1024 channels. Takes images of at least 8x8 pixels as they are. Kernels start
    from N(0, 2 / fan_in).

    Args:
        seed: seed of the initial weights, independent of other networks.
        pixel_statistics: for input normalization, as in `pixels.statistics`.

    Returns:
        keras.Model, images (batch, *image_shape) in [0, 255] -> logits (batch, classes), float32.

    Raises:
        ValueError: images smaller than 8x8 pixels.
    """
    inputs, x = standardized(image_shape, pixel_statistics, min_side=8)
    x = blocks.normalized_relu(blocks.convolution(24, 1)(x))
    for channels, units in STAGES:
        x = halving_unit(x, channels)
        for _ in range(units - 1):
            x = unit(x)
    x = blocks.normalized_relu(blocks.convolution(1024, 1)(x))
    outputs = blocks.pooled_logits(x, classes)
    return he_normal(keras.Model(inputs, outputs, name="shuffle_v2"), seed)


def unit(x):
    """Half of the channels unchanged, half through 1x1, 3x3 depthwise and 1x1; then shuffled."""
    identity, y = ops.split(x, 2, axis=-1)
    return _joined(identity, _branch(y, y.shape[-1]))


def halving_unit(x, channels):
    """All channels through two branches, each at stride 2; concatenated and shuffled."""
    left = blocks.normalization()(blocks.depthwise(x, strides=2))
    left = blocks.normalized_relu(blocks.convolution(channels // 2, 1)(left))
    return _joined(left, _branch(x, channels // 2, strides=2))


def _branch(x, channels, strides=1):
    y = blocks.normalized_relu(blocks.convolution(channels, 1)(x))
    y = blocks.normalization()(blocks.depthwise(y, strides))
    return blocks.normalized_relu(blocks.convolution(channels, 1)(y))


def _joined(left, right):
    return channel_shuffle(layers.Concatenate()([left, right]), 2)
