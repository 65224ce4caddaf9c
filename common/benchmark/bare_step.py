"""Bare training step: one batch that stays on the device, no input pipeline, no teacher.

Its rate is the limit of any training loop. Also times `fit` and `predict` of any Keras model.
"""

import time

import numpy as np

from common.backend import keras
from common.training.accelerated import multi_step


def epoch(model, batch, steps, optimizer="adam", **options):
    """Function that takes `steps` training steps and returns its seconds.

    Args:
        model: images (n, h, w, c) -> logits (n, classes), built.
        batch: data.Split that every step trains on.
        steps: number of steps.
        optimizer: as in `compile`.
        options: for `compile`, such as steps_per_execution.
    """
    bare = BareStep(model, batch)
    bare.compile(optimizer, **options)
    return lambda: seconds(bare, _DummyBatches(steps), shuffle=False)


def seconds(model, *data, **options):
    """Seconds from the call of `fit` to the end of its one epoch.

    Under TensorFlow `fit` returns up to twice as late, because it waits for the thread that tunes
    tf.data (see `backend.batching`); this wait is not counted.
    """
    ends = []
    callback = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: ends.append(time.perf_counter())
    )
    start = time.perf_counter()
    model.fit(*data, callbacks=[callback], verbose=0, **options)
    return ends[0] - start


def predict_seconds(model, images, batch_size):
    """Seconds until `predict` has the logits of all images, without the wait as in `seconds`.

    Args:
        images: (n, h, w, c).
        batch_size: images per call.
    """
    ends, last = [], -(-len(images) // batch_size) - 1

    def on_batch_end(batch, logs):
        if batch == last:
            np.asarray(logs["outputs"])  # waits for the GPU
            ends.append(time.perf_counter())

    callback = keras.callbacks.LambdaCallback()
    callback.on_predict_batch_end = on_batch_end
    start = time.perf_counter()
    model.predict(images, batch_size=batch_size, callbacks=[callback], verbose=0)
    return ends[0] - start


class BareStep(multi_step.MultiStepModel):
    """A model on labels only that holds its batch as variables: a step receives one number.

    Args:
        model, batch: as in `epoch`.
    """

    def __init__(self, model, batch):
        super().__init__()
        self.model = model
        self.hard_label_loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.images = keras.Variable(batch.images, dtype="uint8", trainable=False)
        self.labels = keras.Variable(batch.labels, dtype="int32", trainable=False)
        self.built = True

    def call(self, x, training=False):
        """The network's logits of the stored images; `x` only counts steps."""
        return self.model(self.images.value, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Cross-entropy with the stored labels."""
        return self.hard_label_loss(self.labels.value, y_pred)


class _DummyBatches(keras.utils.PyDataset):
    """`steps` batches of one number each."""

    def __init__(self, steps):
        super().__init__()
        self.steps = steps

    def __len__(self):
        return self.steps

    def __getitem__(self, index):
        return (np.zeros((1, 1), "int32"),)
