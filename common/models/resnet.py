"""ResNets for small images: of basic blocks, and ResNet164 of pre-activation bottlenecks.

`resnet`: He et al. 2016, arXiv:1512.03385, section 4.2, as RepDistiller (Tian et al. 2020,
arXiv:1910.10699) trains it on CIFAR-100: where a block changes the shape, the shortcut is a 1x1
convolution with batch normalization (the paper's option B). `resnet164`: He et al. 2016,
arXiv:1603.05027, whose blocks normalize before each convolution.
"""

from common.backend import keras, layers
from common.models import blocks
from common.models.initial_weights import he_normal
from common.models.pixels import standardized
from common.utils.checks import require_positive

WIDTHS = {  # channels of the stem and of the three stages
    "resnet8": (16, 16, 32, 64),
    "resnet14": (16, 16, 32, 64),
    "resnet20": (16, 16, 32, 64),
    "resnet32": (16, 16, 32, 64),
    "resnet44": (16, 16, 32, 64),
    "resnet56": (16, 16, 32, 64),
    "resnet110": (16, 16, 32, 64),
    "resnet8x4": (32, 64, 128, 256),
    "resnet32x4": (32, 64, 128, 256),
}


def resnet(name, image_shape, classes, *, seed=0, pixel_statistics=None):
    """Three stages of basic blocks, the second and third halving height and width; logits.

    Takes images of at least 4x4 pixels as they are. Kernels start from N(0, 2 / fan_out).

    Args:
        name: a key of `WIDTHS`; its number n counts the convolutions on the main path and
            the dense layer, so that each stage has (n - 2) / 6 blocks.
        seed: seed of the initial weights, independent of other networks.
        pixel_statistics: for input normalization, as in `pixels.statistics`.

    Returns:
        keras.Model, images (batch, *image_shape) in [0, 255] -> logits (batch, classes), float32.

    Raises:
        ValueError: images smaller than 4x4 pixels.
    """
    stem, *stages = WIDTHS[name]
    depth = int(name.removeprefix("resnet").split("x")[0])
    inputs, x = standardized(image_shape, pixel_statistics, min_side=4)
    x = blocks.normalized_relu(blocks.convolution(stem)(x))
    for stage, channels in enumerate(stages):
        for block in range((depth - 2) // 6):
            x = basic_block(x, channels, strides=2 if stage and not block else 1)
    model = keras.Model(inputs, blocks.pooled_logits(x, classes), name=name)
    return he_normal(model, seed, fan="out")


def basic_block(x, channels, strides=1):
    """Two 3x3 convolutions with batch normalization, plus the input, then ReLU."""
    y = blocks.normalized_relu(blocks.centered_convolution(x, channels, 3, strides))
    y = blocks.normalization()(blocks.convolution(channels)(y))
    if strides > 1 or x.shape[-1] != channels:
        x = blocks.normalization()(blocks.convolution(channels, 1, strides)(x))
    return layers.ReLU()(layers.Add()([y, x]))


def resnet164(image_shape, classes, *, units=18, seed=0, pixel_statistics=None):
    """Three stages of `units` bottlenecks with 64, 128 and 256 output channels; logits.

    Takes images of at least 4x4 pixels as they are; the second and third stage halve height
    and width. Kernels start from N(0, 2 / fan_in).

    Args:
        units: bottlenecks of each stage; the network has 9 * units + 2 layers.
        seed: seed of the initial weights, independent of other networks.
        pixel_statistics: for input normalization, as in `pixels.statistics`.

    Returns:
        keras.Model, images (batch, *image_shape) in [0, 255] -> logits (batch, classes), float32.

    Raises:
        ValueError: images smaller than 4x4 pixels; `units` is no whole number above 0.
    """
    require_positive("units", units, integer=True)
    inputs, x = standardized(image_shape, pixel_statistics, min_side=4)
    x = blocks.convolution(16)(x)
    for stage, channels in enumerate((16, 32, 64)):
        for unit in range(int(units)):
            x = bottleneck(x, channels, strides=2 if stage and not unit else 1)
    outputs = blocks.pooled_logits(blocks.normalized_relu(x), classes)
    return he_normal(keras.Model(inputs, outputs, name="resnet164"), seed)


def bottleneck(x, channels, strides):
    """1x1, 3x3 and 1x1 convolutions, each after BN-ReLU, plus the input.

    If the shape changes, the shortcut is a 1x1 convolution of the first BN-ReLU's output.

    Args:
        x: (batch, h, w, inputs).
        channels: of the 3x3 convolution; the block returns 4 * channels.
        strides: of the 3x3 convolution and of the shortcut.
    """
    active = blocks.normalized_relu(x)
    if strides > 1 or x.shape[-1] != 4 * channels:
        x = blocks.convolution(4 * channels, 1, strides)(active)
    y = blocks.convolution(channels, 1)(active)
    y = blocks.convolution(channels, 3, strides)(blocks.normalized_relu(y))
    y = blocks.convolution(4 * channels, 1)(blocks.normalized_relu(y))
    return layers.Add()([x, y])
