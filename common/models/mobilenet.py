"""MobileNetV2 for small images.

Sandler et al. 2018, arXiv:1801.04381, table 2, as RepDistiller (Tian et al. 2020,
arXiv:1910.10699) trains it on CIFAR-100: ReLU in place of ReLU6, stride 1 in the second and the
second-to-last stage, no dropout, half the width.
"""

from common.backend import keras, layers
from common.models import blocks
from common.models.initial_weights import he_normal
from common.models.pixels import standardized
from common.utils.checks import require_positive

STAGES = (  # expansion, channels, units, strides of the first unit
    (1, 16, 1, 1),
    (6, 24, 2, 1),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def mobilenet_v2(image_shape, classes, *, seed=0, pixel_statistics=None, width=0.5):
    """A strided convolution, seven stages of inverted residuals, 1280 channels; logits.

    Takes images of at least 16x16 pixels as they are and halves them four times. Kernels
    start from N(0, 2 / fan_out).

    Args:
        width: multiplies the channels, rounded down; the last 1280 only if above 1, as in the
            paper.
        seed: seed of the initial weights, independent of other networks.
        pixel_statistics: for input normalization, as in `pixels.statistics`.

    Returns:
        keras.Model, images (batch, *image_shape) in [0, 255] -> logits (batch, classes), float32.

    Raises:
        ValueError: width not above 0, images smaller than 16x16 pixels.
    """
    require_positive("width", width)
    inputs, x = standardized(image_shape, pixel_statistics, min_side=16)
    x = blocks.centered_convolution(x, _scaled(32, width), 3, strides=2)
    x = blocks.normalized_relu(x)
    for expansion, channels, units, strides in STAGES:
        for unit in range(units):
            unit_strides = 1 if unit else strides
            x = inverted_residual(x, _scaled(channels, width), expansion, unit_strides)
    x = blocks.normalized_relu(blocks.convolution(_scaled(1280, max(1, width)), 1)(x))
    outputs = blocks.pooled_logits(x, classes)
    return he_normal(keras.Model(inputs, outputs, name="mobilenet_v2"), seed, fan="out")


def inverted_residual(x, channels, expansion, strides=1):
    """1x1 convolution to `expansion` times the channels, 3x3 depthwise, 1x1 without ReLU.

    The input is added if the block does not change its shape.
    """
    y = blocks.normalized_relu(blocks.convolution(expansion * x.shape[-1], 1)(x))
    y = blocks.normalized_relu(blocks.depthwise(y, strides))
    y = blocks.normalization()(blocks.convolution(channels, 1)(y))
    same = strides == 1 and x.shape[-1] == channels
    return layers.Add()([x, y]) if same else y


def _scaled(channels, width):
    return max(1, int(width * channels))
