"""The pieces that every family of ConvNets shares."""

from common.backend import layers
from common.models.normalization import normalization


def convolution(channels, size=3, strides=1, **options):
    """A square convolution without bias, for a normalization follows it."""
    options = {"padding": "same", "use_bias": False} | options
    return layers.Conv2D(channels, size, strides=strides, **options)


def normalized_relu(x, **options):
    return layers.ReLU()(normalization(**options)(x))


def centered(x, window, strides=1):
    """Return (x, padding) so that `window` sits on every `strides`-th pixel from the first.

    That is how the published PyTorch nets pad, window // 2 zeros on each side. "same"
    alone puts a strided window on even sizes one pixel lower and further right, where a
    1x1 shortcut of the same stride does not look.
    """
    if strides == 1 or window == 1:
        return x, "same"
    return layers.ZeroPadding2D(window // 2)(x), "valid"


def centered_convolution(x, channels, size=3, strides=1):
    """A square convolution of x, without bias, padded as `centered` says."""
    x, padding = centered(x, size, strides)
    return convolution(channels, size, strides, padding=padding)(x)


def depthwise(x, strides=1):
    """A 3x3 convolution of each channel by itself, without bias, padded as `centered` says."""
    x, padding = centered(x, 3, strides)
    return layers.DepthwiseConv2D(3, strides=strides, padding=padding, use_bias=False)(x)


def logits(x, classes):
    """The last dense layer, in float32 under any precision policy."""
    return layers.Dense(classes, dtype="float32", name="logits")(x)


def pooled_logits(x, classes):
    """Global average pooling and the last dense layer."""
    return logits(layers.GlobalAveragePooling2D()(x), classes)
