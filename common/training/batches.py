"""Training batches whose order and views are a function of (seed, epoch)."""

import numpy as np

from common import teachers
from common.backend import batching, keras
from common.data import augmentations


class Batches(keras.utils.PyDataset):
    """One pass over the training images per epoch.

    Args:
        split: data.Split to train on.
        targets: {teacher's name: teachers.Targets}, aligned with the split.
        recipe: Recipe, of which batch_size, views and augmentation are used.
        seeds: each seed, with the epoch, determines an order and views. A batch concatenates
            `batch_size` examples of every seed, in the order of `seeds`.

    Raises:
        ValueError: the targets have another number of images or other views than the recipe.

    Yields:
        images uint8 (seeds * batch, h, w, c) and {"labels": (seeds * batch,) int32, name:
        (seeds * batch, classes) float32}; if the recipe has an augmentation, also its parameters
        as "augmentation". An incomplete last batch is left out.
    """

    def __init__(self, split, targets, recipe, *seeds):
        super().__init__()
        self.split, self.targets, self.seeds = split, targets, seeds
        self.views = recipe.view_set
        self.augmentation = augmentations.get(recipe.augmentation)
        self.batch_size = min(recipe.batch_size, len(split))
        self.subset = None  # (n, k) view numbers of each image, if not all of the set
        if self.views.views_per_image:
            self.subset = self.views.fixed_subset(teachers.image_keys(split.images))
        self._check()
        self.set_epoch(0)

    def set_epoch(self, epoch):
        """Draw the order of images, their views and augmentation parameters for an epoch."""
        by_seed = [self._draw(seed, epoch) for seed in self.seeds]
        self._drawn = [np.stack(arrays) for arrays in zip(*by_seed, strict=True)]

    def _draw(self, seed, epoch):
        """[rows, view slots] of one pass, in its order; with an augmentation, its parameters."""
        count = len(self.split)
        rows = np.random.default_rng((seed, epoch, 0)).permutation(count)
        drawn = [rows, self.views.draw(seed, epoch, count)[rows]]
        if self.augmentation:
            rng, shape = np.random.default_rng((seed, epoch, 3)), self.split.images.shape[1:]
            drawn += [self.augmentation.sample_parameters(rng, count, shape)[rows]]
        return drawn

    def indices(self, index):
        """[rows of the split, view slots] of a batch, each (seeds * batch,).

        With an augmentation, its parameters are a third array.
        """
        batch = slice(index * self.batch_size, (index + 1) * self.batch_size)
        return [np.concatenate(arrays[:, batch]) for arrays in self._drawn]

    def __len__(self):
        return len(self.split) // self.batch_size

    def __getitem__(self, index):
        rows, view_slot, *parameters = self.indices(index)
        extra = {name: targets.take(rows, view_slot) for name, targets in self.targets.items()}
        view = view_slot if self.subset is None else self.subset[rows, view_slot]
        images = self.views.apply(self.split.images[rows], view)
        if self.augmentation:
            (extra["augmentation"],) = parameters
        return images, {"labels": self.split.labels[rows]} | extra

    def _check(self):
        count, views = len(self.split), self.views.seen_per_image
        for name, targets in self.targets.items():
            target_count, target_views = len(targets), targets.logits.shape[1]
            if (target_count, target_views) != (count, views):
                raise ValueError(
                    f"{name} has logits of {target_count} images in {target_views} views, but "
                    f"students train on {count} in {views}: compute the logits of these images and "
                    "views"
                )
            if self.subset is not None and not np.array_equal(targets.subset, self.subset):
                raise ValueError(
                    f"{name} has logits of other views than those of the images: compute logits "
                    "for the views of the recipe"
                )


def validation_batches(split, targets):
    """`SequentialBatches` of a split without augmentation; each batch is like those of `Batches`.

    Args:
        split: data.Split.
        targets: {name: teachers.Targets} of the split's images.
    """
    logits = {name: target.unaugmented() for name, target in targets.items()}
    return batching.SequentialBatches((split.images, {"labels": split.labels} | logits))
