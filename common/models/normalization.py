"""Batch normalization; under TensorFlow its training step in TensorFlow's own kernel.

Keras composes it of some twenty operations, each a pass over memory: on a CPU a third of the
training time of a net of small convolutions.
"""

import functools

from common.backend import keras, layers


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
