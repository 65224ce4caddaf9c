"""The training step alone: one batch that stays on the device, nothing to fetch, no teacher.

The limit of what any loop around the step can reach.
"""

import time

import numpy as np

from common.backend import keras
from common.training.accelerated import multi_step


def epoch(model, batch, steps, optimizer="adam", **options):
    """A function that takes `steps` training steps and returns its seconds.

    Args:
        model: images (n, h, w, c) -> logits (n, classes), built.
        batch: data.Split, what every step trains on.
        options: for `compile`, such as steps_per_execution.
    """
    repeated = BareStep(model, batch)
    repeated.compile(optimizer, **options)
    return lambda: seconds(repeated, _Nothing(steps), shuffle=False)


def seconds(model, *data, **options):
    """Seconds from the call of `fit` to the end of its one epoch.

    Without the wait for the thread that tunes tf.data, with which Keras's own `fit` returns up to
    twice as late under TensorFlow (`feed`): no other loop's time is to hang on it.
    """
    ended = []
    told = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: ended.append(time.perf_counter())
    )
    began = time.perf_counter()
    model.fit(*data, callbacks=[told], verbose=0, **options)
    return ended[0] - began


def asking_seconds(model, images, batch_size):
    """Seconds that `predict` takes until it has the answers to all images, without that wait.

    Args:
        images: (n, h, w, c).
    """
    ends, last = [], -(-len(images) // batch_size) - 1

    def ended(batch, logs):
        if batch == last:
            np.asarray(logs["outputs"])  # a GPU answers later than it is asked
            ends.append(time.perf_counter())

    told = keras.callbacks.LambdaCallback()
    told.on_predict_batch_end = ended
    began = time.perf_counter()
    model.predict(images, batch_size=batch_size, callbacks=[told], verbose=0)
    return ends[0] - began


class BareStep(multi_step.MultiStepModel):
    """A net on labels alone whose batch is part of it: a step is sent a single number.

    Args:
        model, batch: as for `epoch`.
    """

    def __init__(self, model, batch):
        super().__init__()
        self.model = model
        self.loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.images = keras.Variable(batch.images, dtype="uint8", trainable=False)
        self.labels = keras.Variable(batch.labels, dtype="int32", trainable=False)
        self.built = True

    def call(self, x, training=False):
        return self.model(self.images.value, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return self.loss_of(self.labels.value, y_pred)


class _Nothing(keras.utils.PyDataset):
    """So many steps, each of a single number."""

    def __init__(self, steps):
        super().__init__()
        self.steps = steps

    def __len__(self):
        return self.steps

    def __getitem__(self, index):
        return (np.zeros((1, 1), "int32"),)
