"""Online teacher: a model evaluated in every training step, if no file can hold its logits."""

import numpy as np

from common import teachers
from common.backend import batching
from common.utils import files
from common.utils.target_checks import require_logits


class OnlineTeacher:
    """A trained model used in place of its logits file, with the same identity.

    Args:
        model: the trained teacher; neither its weights nor its statistics are changed.
        teacher: name of the run that trained the model.
    """

    def __init__(self, model, teacher):
        self.model = model
        self.identity = teachers.identity(teacher, teachers.weights_hash(model))
        self._cached = {}

    def load(self):
        """This teacher, as `LazyLogits.load` returns logits."""
        return self

    def targets(self, split, images, view_set="plain"):
        """The teacher's `Targets` for images without augmentation, computed once per array.

        Args:
            split, view_set: as in `Logits.targets`; ignored.
            images: uint8 (n, h, w, c).
        """
        key = files.sha256_of([images])
        if key not in self._cached:
            logits = batching.predict_logits(self.model, images)
            require_logits(logits, f"the outputs of {self.identity}")
            self._cached[key] = teachers.Targets(logits[:, None], np.arange(len(images)))
        return self._cached[key]
