"""Targets: a teacher's logits in the order of the images that students train on."""

import numpy as np


class Targets:
    """One split's teacher logits in the order of one array of images.

    Args:
        logits: (rows of the file, views, classes) float16.
        rows: (n,) row of `logits` of each image.
        subset: (n, views) view numbers of each image; None if the file has all views.
    """

    def __init__(self, logits, rows, subset=None):
        self.logits, self.rows, self.subset = logits, rows, subset

    def __len__(self):
        return len(self.rows)

    @property
    def classes(self):
        """Number of classes that the teacher distinguishes."""
        return self.logits.shape[-1]

    def unaugmented(self):
        """(n, classes) float32 logits of all images, of a file with one view per image."""
        return self.take(np.arange(len(self)), 0)

    def take(self, images, view_slot):
        """(batch, classes) float32 logits of images in views.

        Args:
            images: (batch,) indices of images.
            view_slot: (batch,) indices along the file's axis of views: view numbers, or columns
                of `subset` if there is one.
        """
        return self.logits[self.rows[images], view_slot].astype("float32")

    def shuffled(self, seed):
        """Targets of the shuffled control: the images' logits permuted, by `seed` alone.

        A permutation leaves about one image its own logits.
        """
        order = np.random.default_rng((seed, 2)).permutation(len(self.rows))
        return Targets(self.logits, self.rows[order], self.subset)
