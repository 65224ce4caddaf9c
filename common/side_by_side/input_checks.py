"""Images and targets of a fit, checked against the students before the first step.

Arrays are checked completely where that takes a millisecond, otherwise by a sample; data sets, by
their first batch.
"""

import math

import numpy as np

from common.backend import keras
from common.losses import LABEL_FREE
from common.models.pixel_range import check_pixel_range
from common.models.validation import require_classifier
from common.side_by_side import control_checks
from common.side_by_side.inputs import LastBatch, read_inputs
from common.side_by_side.student import missing_logits
from common.utils.target_checks import (
    require_labels,
    require_logits,
    require_multi_hot,
    warn_at_chance,
)


class InputChecks:
    """The checks of one `SideBySide`.

    Args:
        students: {name: Student}.
        teachers: {name: keras.Model} that are evaluated in the step.
        augmented: whether the step changes images, so that their range says nothing.
    """

    def __init__(self, students, teachers, augmented):
        self.students, self.teachers, self.augmented = students, teachers, augmented
        self._count = None  # of classes

    def checked(self, x, y=None, what=""):
        """`Inputs` that the students can train with; ValueError otherwise.

        Args:
            x, y: as in Keras's `fit`.
            what: "validation " or "", for errors.
        """
        inputs = read_inputs(x, y)
        require_targets(self.students, inputs.targets)
        if not self.augmented:
            self.check_pixels(inputs.images, error=True)
        if self._count is None:  # to ask some models takes a second
            self._count = self._classes(inputs.images)
        check_values(self.students, self.teachers, self._count, inputs, what)
        return inputs

    def training(self, x, y, batch_size, shuffle, validation_split):
        """`checked` inputs of a training, of a control too."""
        inputs = self.checked(x, y)
        # as Keras sets the last images of arrays aside
        rows = math.floor(len(inputs.images) * (1 - (validation_split or 0)))
        check_control(self.students, inputs, rows, batch_size or 32, shuffle)
        return inputs

    def validation(self, data):
        """Validation data for Keras's `fit`, `checked`."""
        if isinstance(data, (tuple, list)):
            inputs = self.checked(*data[:2], what="validation ")
            return (inputs.x, inputs.y, *data[2:])
        return self.checked(data, what="validation ").x

    def check_pixels(self, images, error):
        """Raise ValueError, or warn, for images of another scale than a model's."""
        for what, model in self._models().items():
            check_pixel_range(what, model, images, error)

    def _models(self):
        """{words for messages: model} of all students and online teachers."""
        models = {f"student {name!r}": student.model for name, student in self.students.items()}
        return models | {f"teacher {name!r}": model for name, model in self.teachers.items()}

    def _classes(self, images):
        """Number of classes of all models, which are built if they were not."""
        models = self._models()
        counts = {what: require_classifier(what, model, images) for what, model in models.items()}
        if len(set(counts.values())) > 1:
            raise ValueError(f"students and teacher differ in numbers of classes: {counts}")
        return next(iter(counts.values()))


def require_targets(students, targets):
    """Raise ValueError unless the targets have the labels that the students' losses take.

    Args:
        students: {name: Student}.
        targets: {"labels", teacher's name: logits}, or None.
    """
    if targets is None:
        raise ValueError(
            'no targets: give the labels, or {"labels": labels, "teacher": the teacher\'s logits}'
        )
    for name, student in students.items():
        if targets.get("labels") is None and needs_labels(student):
            raise ValueError(
                f"no labels among the targets {[*targets]}: {name!r} needs them, as "
                '{"labels": labels}; only students with alpha = 1 and a method of '
                f"{', '.join(sorted(LABEL_FREE))} do without"
            )


def check_control(students, inputs, rows, batch_size, shuffle):
    """Raise ValueError, or warn, if a shuffled student would learn from logits of its own class.

    Args:
        students: {name: Student}.
        inputs: Inputs of a training.
        rows: number of images of arrays that are trained on, the first ones.
        batch_size: of arrays.
        shuffle: whether arrays are shuffled.
    """
    if not any(student.shuffled and student.needs_teacher for student in students.values()):
        return
    if inputs.is_array:
        control_checks.require_control(control_checks.batch_sizes(rows, batch_size))
    else:
        control_checks.require_control({len(inputs.images)})
    if inputs.targets.get("labels") is None or (inputs.is_array and shuffle):
        return
    if any(student.multi_label for student in students.values()):
        return
    batches = [np.asarray(inputs.targets["labels"]).ravel()]
    if inputs.is_array:
        batches = np.split(batches[0][:rows], range(batch_size, rows, batch_size))
    elif isinstance(inputs.x, keras.utils.PyDataset) and len(inputs.x) > 1:
        batches += [read_inputs(LastBatch(inputs.x)).targets["labels"]]
    control_checks.require_mixed_classes(batches, complete=len(batches) > 1)


def needs_labels(student):
    """Whether a student's loss takes labels: with alpha = 1, some methods do not."""
    hard_weight, _ = student.distillation.weights
    weighted = student.class_weights is not None and not student.multi_label
    return hard_weight > 0 or student.method not in LABEL_FREE or weighted


def check_values(students, online, classes, inputs, what=""):
    """Raise ValueError for labels that are no classes, no logits or none; warn at chance level.

    Args:
        students: {name: Student}.
        online: names of teachers that are evaluated in the step.
        classes: number of logits of each.
        inputs: Inputs, whose targets `require_targets` has accepted.
        what: "validation " or "", for errors.
    """
    targets, labels = inputs.targets, inputs.targets.get("labels")
    require_class_weights(students, classes)
    multi_label = require_one_kind(students)
    if labels is not None:
        require = require_multi_hot if multi_label else require_labels
        labels = require(labels, classes, f"{what}labels")
    for name in dict.fromkeys(s.teacher for s in students.values() if s.needs_teacher):
        if name not in targets and name in online:
            continue
        if name not in targets:
            raise ValueError(missing_logits(name, targets))
        logits, of = np.asarray(targets[name]), f"the {what}logits of {name!r}"
        if logits.ndim != 2 or logits.shape[1] != classes:
            raise ValueError(f"{of} have shape {logits.shape}, the students have {classes} classes")
        require_logits(logits, of)
        if np.isnan(largest := logits.max()) or largest == np.inf:  # -inf masks a class
            raise ValueError(f"{of} hold NaN or infinity: compute them again")
        if inputs.is_array and labels is not None:
            warn_at_chance(logits, labels, of)


def require_one_kind(students):
    """Whether all students take multi-hot labels; ValueError if only some do."""
    kinds = {name: student.multi_label for name, student in students.items()}
    if len(set(kinds.values())) > 1:
        multi_label = [name for name, kind in kinds.items() if kind]
        raise ValueError(
            f"the students {', '.join(multi_label)} take multi-hot labels, the others class "
            'indices: give all the method "bernoulli", baselines too, or none'
        )
    return any(kinds.values())


def require_class_weights(students, classes):
    """Raise ValueError unless class weights are one for each class."""
    for name, student in students.items():
        weights = student.distillation.class_weights
        if weights is not None and len(weights) != classes:
            raise ValueError(
                f"student {name!r} has {len(weights)} class_weights for {classes} classes: give "
                "one weight per class"
            )
