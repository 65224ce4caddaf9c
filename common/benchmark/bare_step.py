"""The training step alone: one batch that stays on the device, nothing to fetch, no teacher.

The limit of what any loop around the step can reach.
"""

import numpy as np

from common import fused
from common.backend import keras


def epoch(model, batch, steps, optimizer="adam", **options):
    """A function that takes `steps` training steps and returns Keras's history.

    Args:
        model: images (n, h, w, c) -> logits (n, classes), built.
        batch: data.Split, what every step trains on.
        options: for `compile`, such as steps_per_execution.
    """
    repeated = BareStep(model, batch)
    repeated.compile(optimizer, **options)
    return lambda: repeated.fit(_Nothing(steps), shuffle=False, verbose=0)


class BareStep(fused.Fused):
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
