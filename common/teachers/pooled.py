"""A teacher's logits for the images of its data set in other splits."""

from common.data import views
from common.teachers.identity import image_keys, rows_of
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
        self._keys, self._values = logits.pooled()

    def load(self):
        """These logits, as `LazyLogits.load` returns them."""
        return self

    @property
    def nbytes(self):
        """Bytes of the logits."""
        return self._values.nbytes

    def targets(self, split, images, view_set="plain"):
        """This teacher's `Targets`, as `Logits.targets`; ValueError if it lacks an image."""
        if views.get(view_set) != views.get("plain"):
            raise ValueError(
                f"{self.source} has logits of images without augmentation only: choose a student "
                "whose recipe has the views 'plain'"
            )
        rows = rows_of(
            image_keys(images),
            self._keys,
            lambda missing: (
                f"{self.source} lacks {missing} of {len(images)} {split} images of {self.dataset}"
            ),
        )
        return Targets(self._values, rows)
