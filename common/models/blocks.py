"""The pieces that every family of ConvNets shares."""

import functools

from common.backend import keras, layers, ops


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


def normalization(**options):
    """Batch normalization as in the published CIFAR nets: running statistics keep 0.9.

    Args:
        options: of keras.layers.BatchNormalization.

    Returns:
        A layer, (batch, h, w, channels) -> the same.
    """
    layer = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, **options)
    if keras.config.backend() == "tensorflow":
        # of this layer, not of a class of ours: a saved net loads where this code is absent
        layer.call = functools.partial(_call, layer)
    return layer


def _call(layer, inputs, training=None, mask=None):
    # the kernel knows no float64
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
    _keep(layer.moving_mean, mean, layer.momentum)
    # the kernel tells the sample's unbiased variance, Keras keeps the biased one
    _keep(layer.moving_variance, variance * (count - 1) / count, layer.momentum)
    return outputs


def _keep(moving, value, momentum):
    moving.assign(moving * momentum + value * (1 - momentum))


# Conv2D(groups=) does train on a CPU in TensorFlow 2.21, but its gradient takes 7 to 14 times as
# long as this one's (16x16 pixels, 60 to 240 channels and back, 3 groups, batch 64: 137 and 257 ms
# against 18 and 17 ms; a batched matrix product in a layer of our own: 19 and 18 ms). Each group
# is a dense matrix product, which GPUs do well too, and a saved model holds only Keras's layers.
def group_convolution(x, channels, groups):
    """1x1 convolution without bias, in which group i of x feeds group i of the outputs.

    Args:
        x: (batch, h, w, inputs).
        channels: number of output channels.
        groups: divides inputs and channels; 1 is an ordinary convolution.

    Returns:
        (batch, h, w, channels).

    Raises:
        ValueError: groups that do not divide the inputs or the channels.
    """
    for count in (x.shape[-1], channels):
        if count % groups:
            raise ValueError(
                f"groups={groups} do not divide {count} channels: "
                "choose other groups or another width"
            )
    if groups == 1:
        return layers.Conv2D(channels, 1, use_bias=False)(x)
    parts = ops.split(x, groups, axis=-1)
    convolved = [layers.Conv2D(channels // groups, 1, use_bias=False)(part) for part in parts]
    return layers.Concatenate()(convolved)


def channel_shuffle(x, groups):
    """Interleave the groups: channel i of group g goes to place i · groups + g."""
    height, width, channels = x.shape[1:]
    x = layers.Reshape((height, width, groups, channels // groups))(x)
    return layers.Reshape((height, width, channels))(layers.Permute((1, 2, 4, 3))(x))
