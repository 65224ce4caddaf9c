"""Networks of the kernel that answer to an image: a teacher and trained students."""

import numpy as np

MAX_STUDENTS = 3  # students that answer, the latest ones


class Networks:
    """Keras networks by title, whose logits the panels show.

    Args:
        changed: called with the titles, list of str, after each `add`.
    """

    def __init__(self, changed):
        self.changed, self.teacher, self.students = changed, None, []

    @property
    def shown(self):
        """List of available.NamedModel: the teacher, if there is one, and the latest students."""
        return [*([self.teacher] if self.teacher else []), *self.students[-MAX_STUDENTS:]]

    def add(self, named):
        """Add a student, an `available.NamedModel`."""
        self.students.append(named)
        self.changed([one.title for one in self.shown])

    def add_teacher(self, named):
        """Add the teacher, where the page cannot compute its answers itself."""
        self.teacher = named
        self.changed([one.title for one in self.shown])

    def answers(self, image):
        """Logits of the networks for one uint8 (h, w, c) image: [{title, role, logits}]."""
        return [
            {"title": one.title, "role": one.role, "logits": predict(one.model, image).tolist()}
            for one in self.shown
        ]


def predict(model, image):
    """(classes,) float32 logits of a model for one uint8 (h, w, c) image."""
    return np.asarray(model(np.asarray(image)[None], training=False))[0]
