"""Keras calls of a network: inference or one training step on a batch of random images."""

import numpy as np

from common import models
from common.backend import keras


def use_threads(count):
    """Limit TensorFlow to `count` threads, before its first operation; None: the default."""
    if count and keras.config.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(count)
        tf.config.threading.set_inter_op_parallelism_threads(count)


def call(net, phase, options):
    """Function that runs the network `net` once on a batch of random images.

    Args:
        net: a name in `models.NAMES`.
        phase: "inference" or "training".
        options: with batch_size, image_shape and classes.
    """
    model = models.build(net, options.image_shape, options.classes)
    images, labels = batch(options)
    if phase == "inference":
        return lambda: model.predict_on_batch(images)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.01, momentum=0.9), loss)
    return lambda: model.train_on_batch(images, labels)


def batch(options):
    """Random images (batch, *image_shape) float32 and labels (batch,) int32."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (options.batch_size, *options.image_shape))
    labels = rng.integers(0, options.classes, options.batch_size)
    return images.astype("float32"), labels.astype("int32")
