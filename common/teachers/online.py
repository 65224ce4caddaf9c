"""A teacher that is asked in the training step, where no file can hold its logits."""

import numpy as np

from common import teachers
from common.backend import batching
from common.utils import files


class OnlineTeacher:
    """A trained model that answers for itself; its identity is that of its logits files.

    Args:
        model: the trained teacher; neither its weights nor its statistics are changed.
        teacher: name of the run that trained the model.
    """

    def __init__(self, model, teacher):
        self.model = model
        self.identity = teachers.identity(teacher, teachers.weights_hash(model))
        self._asked = {}

    def targets(self, split, images, view_set="plain"):
        """The teacher's `Targets` for a split's plain images, the same images asked once.

        Args:
            split: as for a `Logits`; here of no account.
            images: (n, h, w, c) of that split.
        """
        key = files.sha256_of([images])
        if key not in self._asked:
            logits = batching.predict_logits(self.model, images)
            self._asked[key] = teachers.Targets(logits[:, None], np.arange(len(images)))
        return self._asked[key]
