"""Wide ResNet; Zagoruyko & Komodakis 2016, arXiv:1605.07146, table 1, without dropout."""

from common.backend import keras, layers
from common.models import blocks
from common.models.initial_weights import he_normal
from common.models.pixels import standardized

SIZES = {  # (depth, width)
    "wrn_16_1": (16, 1),
    "wrn_16_2": (16, 2),
    "wrn_40_1": (40, 1),
    "wrn_40_2": (40, 2),
}


def wide_resnet(name, image_shape, classes, *, seed=0, pixel_statistics=None):
    """Three stages of 16, 32 and 64 times `width` channels, (depth - 4) / 6 blocks each; logits.

    The second and third stage halve height and width. Takes images of at least 4x4 pixels
    without padding. Kernels start from N(0, 2 / fan_out).

    Args:
        name: a key of `SIZES`.
        seed: seed of the initial weights, independent of other networks.
        pixel_statistics: for input normalization, as in `pixels.statistics`.

    Returns:
        keras.Model, images (batch, *image_shape) in [0, 255] -> logits (batch, classes), float32.

    Raises:
        ValueError: images smaller than 4x4 pixels.
    """
    depth, width = SIZES[name]
    inputs, x = standardized(image_shape, pixel_statistics, min_side=4)
    x = blocks.convolution(16)(x)
    for stage, channels in enumerate((16, 32, 64)):
        for block in range((depth - 4) // 6):
            x = wide_block(x, width * channels, strides=2 if stage and not block else 1)
    outputs = blocks.pooled_logits(blocks.normalized_relu(x), classes)
    return he_normal(keras.Model(inputs, outputs, name=name), seed, fan="out")


def wide_block(x, channels, strides=1):
    """Two 3x3 convolutions, each after BN-ReLU, plus the input.

    If the number of channels changes, the shortcut is a 1x1 convolution of the first BN-ReLU's
    output.
    """
    active = blocks.normalized_relu(x)
    if x.shape[-1] != channels:
        x = blocks.convolution(channels, 1, strides)(active)
    y = blocks.centered_convolution(active, channels, 3, strides)
    y = blocks.convolution(channels)(blocks.normalized_relu(y))
    return layers.Add()([x, y])
