"""Batches whose order and views depend on (seed, epoch) alone, not on what ran before."""

import numpy as np

from common import views
from common.backend import keras


class Batches(keras.utils.PyDataset):
    """One pass over the training images for each epoch.

    Args:
        split: data.Split to train on.
        targets: {teacher's name: teachers.Targets}, aligned with the split.
        recipe: gives batch_size and views.
        seed: with the epoch, decides order and views.

    Yields:
        images uint8 (batch, h, w, c) and {"labels": (batch,) int32, name: (batch, classes)
        float32}. The images left over after the last full batch wait for another epoch.
    """

    def __init__(self, split, targets, recipe, seed):
        super().__init__()
        self.split, self.targets, self.seed = split, targets, seed
        self.views = views.get(recipe.views)
        self.batch_size = min(recipe.batch_size, len(split))
        self.start(0)

    def start(self, epoch):
        """Choose order and views of `epoch`."""
        self.order = np.random.default_rng((self.seed, epoch, 0)).permutation(len(self.split))
        self.view = self.views.sample(self.seed, epoch, len(self.split))

    def __len__(self):
        return len(self.split) // self.batch_size

    def __getitem__(self, index):
        rows = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        view = self.view[rows]
        given = {name: targets.take(rows, view) for name, targets in self.targets.items()}
        images = self.views.apply(self.split.images[rows], view)
        return images, {"labels": self.split.labels[rows]} | given


def aligned(split, targets):
    """A whole split as `validation_data`: plain images and the same kind of targets."""
    given = {name: target.plain() for name, target in targets.items()}
    return np.asarray(split.images), {"labels": np.asarray(split.labels)} | given
