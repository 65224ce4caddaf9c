"""The pieces that every family of ConvNets shares."""

from common.backend import layers


def normalization(**options):
    """Batch normalization as in the published CIFAR nets: running statistics keep 0.9."""
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, **options)


def convolution(channels, size=3, strides=1, **options):
    """A square convolution without bias, for a normalization follows it."""
    options = {"padding": "same", "use_bias": False} | options
    return layers.Conv2D(channels, size, strides=strides, **options)


def normalized_relu(x):
    return layers.ReLU()(normalization()(x))


def logits(x, classes):
    """The last dense layer, in float32 under any precision policy."""
    return layers.Dense(classes, dtype="float32", name="logits")(x)
