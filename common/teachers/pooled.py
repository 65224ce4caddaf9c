"""A teacher's logits for the images of its data set in other splits."""

import numpy as np

from common.data import views
from common.teachers.identity import image_keys
from common.teachers.targets import Targets


class PooledLogits:
    """`Logits` that are looked up in all splits of the teacher's data set.

    `mnist5k` is a sample of MNIST's training images, so its students can be distilled from MNIST's
    teachers without evaluating the teachers.

    Args:
        logits: Logits of one view of each image.
        dataset: name of the data set whose images are looked up.

    Raises:
        ValueError: as `Logits.pooled`.
    """

    def __init__(self, logits, dataset):
        self.identity, self.dataset, self.source = logits.identity, dataset, logits.folder
        keys, values = logits.pooled()
        order = np.argsort(keys)
        self._keys, self._values = keys[order], values[order]

    @property
    def nbytes(self):
        """Bytes of the logits."""
        return self._values.nbytes

    def targets(self, split, images, view_set="plain"):
        """This teacher's `Targets`, as `Logits.targets`; ValueError if it lacks an image."""
        if views.get(view_set) != views.get("plain"):
            raise ValueError(f"{self.source} has logits of images without augmentation only")
        keys = image_keys(images)
        rows = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        if missing := int(np.sum(self._keys[rows] != keys)):
            raise ValueError(
                f"{self.source} lacks {missing} of {len(keys)} {split} images of {self.dataset}"
            )
        return Targets(self._values, rows)
