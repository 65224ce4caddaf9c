"""Building blocks of the ConvNets: convolutions, normalization, channel groups, output layers.

Tensors are (batch, h, w, channels). Convolutions have no bias, since a normalization follows; with
strides they pad as the published PyTorch networks do (`centered`).
"""

import functools

from common.backend import keras, layers, ops


def convolution(channels, size=3, strides=1, **options):
    """Conv2D layer with a square kernel, "same" padding and no bias.

    Args:
        options: of keras.layers.Conv2D, overriding these.
    """
    options = {"padding": "same", "use_bias": False} | options
    return layers.Conv2D(channels, size, strides=strides, **options)


def centered(x, window, strides=1):
    """Zero padding that centers a window on every `strides`-th pixel, from the first on.

    The published PyTorch networks pad in this way, with window // 2 zeros on each side. On even
    sizes, "same" would place a strided window one pixel lower and further right than the pixels
    that a 1x1 shortcut of the same stride reads.

    Returns:
        (x, padding): x, padded if needed, and the `padding` of the layer to apply to it.
    """
    if strides == 1 or window == 1:
        return x, "same"
    return layers.ZeroPadding2D(window // 2)(x), "valid"


def centered_convolution(x, channels, size=3, strides=1):
    """Convolution of x with a square kernel, without bias, padded as by `centered`."""
    x, padding = centered(x, size, strides)
    return convolution(channels, size, strides, padding=padding)(x)


def depthwise(x, strides=1):
    """3x3 convolution of each channel by itself, without bias, padded as by `centered`."""
    x, padding = centered(x, 3, strides)
    return layers.DepthwiseConv2D(3, strides=strides, padding=padding, use_bias=False)(x)


# Conv2D(groups=) trains on a CPU in TensorFlow 2.21, but its gradient takes 7 to 14 times as long
# as this one's (16x16 pixels, 60 to 240 channels and back, 3 groups, batch 64: 137 and 257 ms
# against 18 and 17 ms; a batched matrix product in a layer of our own: 19 and 18 ms). Here each
# group is a dense matrix product, which is fast on GPUs too, and a saved model holds only layers
# of Keras.
def group_convolution(x, channels, groups):
    """1x1 convolution without bias, in which group i of x feeds group i of the outputs.

    Args:
        x: (batch, h, w, inputs).
        channels: number of output channels.
        groups: divides inputs and channels; 1 is an ordinary convolution.

    Returns:
        (batch, h, w, channels).

    Raises:
        ValueError: groups does not divide the inputs or the channels.
    """
    for count in (x.shape[-1], channels):
        if count % groups:
            raise ValueError(
                f"groups={groups} do not divide {count} channels: "
                "choose other groups or another width"
            )
    if groups == 1:
        return layers.Conv2D(channels, 1, use_bias=False)(x)
    outputs = [
        layers.Conv2D(channels // groups, 1, use_bias=False)(inputs)
        for inputs in ops.split(x, groups, axis=-1)
    ]
    return layers.Concatenate()(outputs)


def channel_shuffle(x, groups):
    """Interleave the groups: channel i of group g becomes channel i · groups + g."""
    height, width, channels = x.shape[1:]
    x = layers.Reshape((height, width, groups, channels // groups))(x)
    return layers.Reshape((height, width, channels))(layers.Permute((1, 2, 4, 3))(x))


def normalization(**options):
    """Batch normalization as in the published CIFAR networks: momentum 0.9, epsilon 1e-5.

    On TensorFlow its training step is one fused kernel.

    Args:
        options: of keras.layers.BatchNormalization.

    Returns:
        A layer, (batch, h, w, channels) -> the same shape.
    """
    layer = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, **options)
    if keras.config.backend() == "tensorflow":
        # set on the layer, not in a subclass: a saved network loads without this repository
        layer.call = functools.partial(_fused_call, layer)
    return layer


def _fused_call(layer, inputs, training=None, mask=None):
    # the kernel does not take float64
    if not (training and layer.trainable) or layer.compute_dtype == "float64":
        return layers.BatchNormalization.call(layer, inputs, training=training, mask=mask)
    import tensorflow as tf

    channels = inputs.shape[-1]
    # moments, scale and offset are float32 in the kernel, whatever the inputs are
    outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=inputs,
        scale=layer.gamma.value if layer.scale else tf.ones(channels),
        offset=layer.beta.value if layer.center else tf.zeros(channels),
        mean=[],
        variance=[],
        epsilon=layer.epsilon,
        is_training=True,
    )
    count = tf.cast(tf.size(inputs) // channels, "float32")
    _update(layer.moving_mean, mean, layer.momentum)
    # the kernel returns the unbiased sample variance, Keras keeps the biased one
    _update(layer.moving_variance, variance * (count - 1) / count, layer.momentum)
    return outputs


def _update(moving, value, momentum):
    """Update an exponential moving average in place."""
    moving.assign(moving * momentum + value * (1 - momentum))


def normalized_relu(x, **options):
    """ReLU of the `normalization` of x."""
    return layers.ReLU()(normalization(**options)(x))


def logits(x, classes):
    """Dense output layer named "logits", in float32 under any precision policy."""
    return layers.Dense(classes, dtype="float32", name="logits")(x)


def pooled_logits(x, classes):
    """Global average pooling and the dense output layer."""
    return logits(layers.GlobalAveragePooling2D()(x), classes)
