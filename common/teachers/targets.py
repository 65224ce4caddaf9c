"""A teacher's logits in the order of the images that students see."""

import numpy as np


class Targets:
    """One split's teacher logits in the order of one array of images.

    Args:
        logits: (rows of the file, views, classes) float16.
        rows: (n,) for each image, its row of `logits`.
        subset: (n, views) which views of each image they are; None where they are all.
    """

    def __init__(self, logits, rows, subset=None):
        self.logits, self.rows, self.subset = logits, rows, subset

    def __len__(self):
        return len(self.rows)

    @property
    def classes(self):
        return self.logits.shape[-1]

    def unaugmented(self):
        """(n, classes) float32 of all images in a file's only view."""
        return self.take(np.arange(len(self)), 0)

    def take(self, images, slot):
        """(batch, classes) float32 for images (n,), each in the view of its own slot (n,).

        A slot is a place along the file's axis of views: the view itself, or where views were
        sampled, a column of `subset`.
        """
        return self.logits[self.rows[images], slot].astype("float32")

    def shuffled(self, seed):
        """The control: a permutation fixed by `seed` gives each image another's logits.

        By chance one image or two keep their own.
        """
        order = np.random.default_rng((seed, 2)).permutation(len(self.rows))
        return Targets(self.logits, self.rows[order], self.subset)
