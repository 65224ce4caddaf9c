"""Targets: a teacher's logits in the order of the images that students train on."""

import numpy as np


class Targets:
    """One split's teacher logits in the order of one array of images.

    Args:
        logits: (rows of the file, views, classes) float16.
        rows: (n,) row of `logits` of each image.
        subset: (n, views) view numbers of each image; None if the file has all views.
        columns: (n, classes) order in which each image's logits are read; None for their own.
    """

    def __init__(self, logits, rows, subset=None, columns=None):
        self.logits, self.rows, self.subset, self.columns = logits, rows, subset, columns

    def __len__(self):
        return len(self.rows)

    @property
    def classes(self):
        """Number of classes that the teacher distinguishes."""
        return self.logits.shape[-1]

    def unaugmented(self):
        """(n, classes) float32 logits of all images, if the file has one view per image."""
        return self.take(np.arange(len(self)), 0)

    def take(self, images, view_slot):
        """(batch, classes) float32 logits of images in views.

        Args:
            images: (batch,) indices of images.
            view_slot: (batch,) indices along the file's axis of views: view numbers, or columns
                of `subset` if there is one.
        """
        logits = self.logits[self.rows[images], view_slot]
        if self.columns is not None:
            logits = np.take_along_axis(logits, self.columns[images], axis=-1)
        return logits.astype("float32")

    def all_views(self, images):
        """(m, views, classes) logits, as the file has them, of a slice of the images."""
        logits = self.logits[self.rows[images]]
        if self.columns is None:
            return logits
        return np.take_along_axis(logits, self.columns[images][:, None], axis=-1)

    def shuffled(self, seed):
        """Targets of the shuffled control: the logits in a random order that `seed` determines.

        In a random permutation, on average one image keeps its own logits.
        """
        order = np.random.default_rng((seed, 2)).permutation(len(self.rows))
        return Targets(self.logits, self.rows[order], self.subset)
