"""Pre-activation ResNet with bottlenecks; He et al. 2016, arXiv:1603.05027, figure 4(e)."""

from common.backend import keras, layers
from common.models import blocks
from common.models.initial import he_normal
from common.models.pixels import standardized


def resnet164(image_shape, classes, *, seed=0):
    """Three stages of 18 bottlenecks with 64, 128 and 256 output channels; logits.

    Takes images of at least 4x4 pixels as they are; the second and third stage halve height
    and width. Kernels start from N(0, 2 / fan_in).

    Args:
        seed: fixes the initial weights, whatever was built before.

    Returns:
        keras.Model, images (batch, *image_shape) in [0, 255] -> logits (batch, classes), float32.

    Raises:
        ValueError: images smaller than 4x4 pixels.
    """
    inputs, x = standardized(image_shape, least=4)
    x = blocks.convolution(16)(x)
    for stage, channels in enumerate((16, 32, 64)):
        for unit in range(18):
            x = bottleneck(x, channels, strides=2 if stage and not unit else 1)
    outputs = blocks.pooled_logits(blocks.normalized_relu(x), classes)
    return he_normal(keras.Model(inputs, outputs, name="resnet164"), seed)


def bottleneck(x, channels, strides):
    """1x1, 3x3 and 1x1 convolutions, each after BN-ReLU, plus the input.

    Where the shape changes, the shortcut is a 1x1 convolution of the first BN-ReLU's output.
    """
    active = blocks.normalized_relu(x)
    if strides > 1 or x.shape[-1] != 4 * channels:
        x = blocks.convolution(4 * channels, 1, strides)(active)
    y = blocks.convolution(channels, 1)(active)
    y = blocks.convolution(channels, 3, strides)(blocks.normalized_relu(y))
    y = blocks.convolution(4 * channels, 1)(blocks.normalized_relu(y))
    return layers.Add()([x, y])
