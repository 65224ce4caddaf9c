"""Batches whose order and views depend on (seed, epoch) alone, not on what ran before."""

import numpy as np

from common import teachers
from common.backend import batching, keras
from common.data import augmentations


class Batches(keras.utils.PyDataset):
    """One pass over the training images for each epoch.

    Args:
        split: data.Split to train on.
        targets: {teacher's name: teachers.Targets}, aligned with the split.
        recipe: gives batch_size, views, how many of them are sampled, and augmentation.
        seeds: each, with the epoch, decides an order and views. A batch holds one of each
            seed, one after another: the first `batch_size` examples are the first seed's.

    Raises:
        ValueError: targets made for other views than the images are seen in.

    Yields:
        images uint8 (seeds * batch, h, w, c) and {"labels": (seeds * batch,) int32, name:
        (seeds * batch, classes) float32}, with what was drawn for an `augmentation` that the
        step is to make. The images left over after the last full batch wait for another epoch.
    """

    def __init__(self, split, targets, recipe, *seeds):
        super().__init__()
        self.split, self.targets, self.seeds = split, targets, seeds
        self.views = recipe.view_set
        self.augmentation = augmentations.get(recipe.augmentation)
        self.batch_size = min(recipe.batch_size, len(split))
        self.subset = None  # (n, k) the only views each image is seen in
        if self.views.views_per_image:
            self.subset = self.views.fixed_subset(teachers.image_keys(split.images))
        self._check()
        self.set_epoch(0)

    def set_epoch(self, epoch):
        """Choose order, views and augmentations of `epoch`."""
        passes = [self._pass(seed, epoch) for seed in self.seeds]
        self._seen = [np.stack(same) for same in zip(*passes, strict=True)]

    def _pass(self, seed, epoch):
        """Rows, slots and, with an augmentation, what it drew, in the order they are seen in."""
        count = len(self.split)
        rows = np.random.default_rng((seed, epoch, 0)).permutation(count)
        seen = [rows, self.views.draw(seed, epoch, count)[rows]]
        if self.augmentation:
            rng, shape = np.random.default_rng((seed, epoch, 3)), self.split.images.shape[1:]
            seen += [self.augmentation.sample_parameters(rng, count, shape)[rows]]
        return seen

    def indices(self, index):
        """A batch's rows of the split, (seeds * batch,), and for each the slot of its view.

        With an augmentation, what was drawn for each comes third.
        """
        taken = slice(index * self.batch_size, (index + 1) * self.batch_size)
        return [np.concatenate(same[:, taken]) for same in self._seen]

    def __len__(self):
        return len(self.split) // self.batch_size

    def __getitem__(self, index):
        rows, slot, *drawn = self.indices(index)
        given = {name: targets.take(rows, slot) for name, targets in self.targets.items()}
        view = slot if self.subset is None else self.subset[rows, slot]
        images = self.views.apply(self.split.images[rows], view)
        if self.augmentation:
            (given["augmentation"],) = drawn
        return images, {"labels": self.split.labels[rows]} | given

    def _check(self):
        each = self.views.seen_per_image
        for name, targets in self.targets.items():
            given, expected = (len(targets), targets.logits.shape[1]), (len(self.split), each)
            if given != expected:
                raise ValueError(
                    f"{name}: its logits are of {given[0]} images in {given[1]} views, not of "
                    f"{expected[0]} in {expected[1]}: make them for the views of the recipe"
                )
            if self.subset is not None and not np.array_equal(targets.subset, self.subset):
                raise ValueError(f"{name}: its logits are of other sampled views than the images'")


def validation_batches(split, targets):
    """A whole split for validation: `SequentialBatches` of what `Batches` yields, of plain images.

    Args:
        split: data.Split.
        targets: {name: teachers.Targets} of the split's plain images.
    """
    given = {name: target.unaugmented() for name, target in targets.items()}
    return batching.SequentialBatches((split.images, {"labels": split.labels} | given))
