"""Train any number of students in one `fit`: same batches, each with its own loss."""

import dataclasses

from common.backend import keras, ops
from common.losses import LOSSES, hard_label_loss
from common.models.validation import require_labels, require_models
from common.utils.checks import require_choice, require_fraction, require_positive


@dataclasses.dataclass(frozen=True)
class Distillation:
    """Settings of a distillation: alpha · method's loss + (1 - alpha) · hard-label loss.

    Args:
        temperature: T > 0 of the soft targets; "kd" multiplies their loss by T².
        alpha: weight of the method's loss, in [0, 1]; 0 is a baseline on labels alone.
        method: a name in `losses.LOSSES`.
        control: None, or "shuffled": learn from the logits of other images.

    Raises:
        ValueError: temperature not a finite number above 0, alpha outside [0, 1], an unknown
            method or control.
    """

    temperature: float
    alpha: float
    method: str = "kd"
    control: str | None = None

    def __post_init__(self):
        require_positive("temperature", self.temperature)
        require_fraction("alpha", self.alpha)
        require_choice("method", self.method, LOSSES)
        require_choice("control", self.control, (None, "shuffled"))

    def loss(self, student_logits, teacher_logits, labels):
        """Mean loss of a batch in nats, a scalar float32.

        Args:
            student_logits: (batch, classes) floats, before any softmax.
            teacher_logits: (batch, classes) floats; not used (None will do) if alpha is 0.
            labels: (batch,) integers in [0, classes).
        """
        total = 0.0
        if self.alpha < 1:
            total += (1 - self.alpha) * ops.mean(hard_label_loss(student_logits, labels))
        if self.alpha > 0:
            method = LOSSES[self.method]
            soft = method(student_logits, teacher_logits, labels, self.temperature)
            total += self.alpha * soft
        return total


@dataclasses.dataclass(frozen=True)
class Student:
    """A model and how it learns: alpha · method's loss + (1 - alpha) · hard-label loss.

    Args:
        model: images (batch, h, w, c) -> logits (batch, classes).
        temperature, alpha, method: as in `Distillation`.
        teacher: name of the teacher's logits among the training targets.
        shuffled: learn from the logits of another image of the batch: a control.

    Attributes:
        distillation: the settings as a `Distillation`.

    Raises:
        ValueError: as `Distillation`.
    """

    model: keras.Model
    temperature: float
    alpha: float
    teacher: str = "teacher"
    shuffled: bool = False
    method: str = "kd"
    distillation: Distillation = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self):
        control = "shuffled" if self.shuffled else None
        settings = Distillation(self.temperature, self.alpha, self.method, control)
        object.__setattr__(self, "distillation", settings)

    def loss(self, logits, targets):
        """Mean loss of a batch; targets has `labels` and, if alpha > 0, the teacher's logits."""
        teacher_logits = self.teacher_logits(targets) if self.alpha > 0 else None
        return self.distillation.loss(logits, teacher_logits, targets["labels"])

    def teacher_logits(self, targets):
        """(batch, classes) the logits that it learns from; ValueError if targets lack them."""
        if self.teacher not in targets:
            raise ValueError(f"no logits of {self.teacher!r} among the targets {[*targets]}")
        logits = targets[self.teacher]
        return ops.roll(logits, 1, axis=0) if self.shuffled else logits


class SideBySide(keras.Model):
    """N students as one model for `compile` and `fit`; they share batches and nothing else.

        both = SideBySide({"baseline": Student(a, 1, 0), "distilled": Student(b, 4, 0.9)})
        both.compile(keras.optimizers.Adam())
        both.fit(images, {"labels": labels, "teacher": teacher_logits})

    The history holds `<name>_loss` and `<name>_accuracy` of each student. The loss is the
    sum of the students', so that each gets the gradient it would get alone; optimizers
    that mix variables (a global norm) are refused by `compile`.

    Args:
        students: {name: Student}, with equal input shapes and numbers of classes.
        teacher: a model asked in every step, in inference mode, for `teacher`'s logits on
            the very batch that the students see, or {name: model} of several; None where
            they come with the targets, which no model is asked for.
        weight_decay: λ; adds λ/2 · Σw² over all trainable weights, as PyTorch's SGD does.
        augment: function (images, drawn) -> images, applied in training steps to each batch
            and to the `augmentation` that comes with its targets.

    Raises:
        ValueError: no student; students or teacher that differ in images or classes, share a
            model or end in a softmax; in `fit`, targets that do not fit them.
    """

    def __init__(self, students, teacher=None, *, weight_decay=0.0, augment=None):
        teachers = teacher if isinstance(teacher, dict) else {"teacher": teacher} if teacher else {}
        require_models([s.model for s in students.values()] + list(teachers.values()))
        super().__init__(name="side_by_side")
        self.models = {name: student.model for name, student in students.items()}
        self._students = tuple(students.items())
        # in closures, so that Keras neither trains nor saves them with the students
        self._online_teachers = tuple((name, _frozen(model)) for name, model in teachers.items())
        self._weight_decay, self._augment = weight_decay, augment
        mean = keras.metrics.Mean
        self.loss_trackers = {name: mean(f"{name}_loss") for name in students}
        self.accuracy_trackers = {name: mean(f"{name}_accuracy") for name in students}
        self.built = True  # the students are: weights can be loaded before `fit`

    @property
    def state(self):
        """Weights, seeds of dropout and optimizer slots of every student, in a fixed order."""
        students = [v for model in self.models.values() for v in model.variables]
        return students + list(self.optimizer.variables)

    def sync_weights(self):
        """After training, have every student's own model hold its weights, as here it does."""

    def compile(self, optimizer="adam", **options):
        super().compile(optimizer, **options)
        if self.optimizer.global_clipnorm:
            raise ValueError("global_clipnorm would mix the students: use clipnorm or none")

    def fit(self, x=None, y=None, *settings, **options):
        self._check(y)
        held_out = options.get("validation_data")
        if isinstance(held_out, tuple):
            self._check(held_out[1])
        return super().fit(x, y, *settings, **options)

    def evaluate(self, x=None, y=None, *settings, **options):
        self._check(y)
        return super().evaluate(x, y, *settings, **options)

    def _check(self, targets):
        """Raise ValueError where arrays of labels are none of the students' classes."""
        labels = targets.get("labels") if isinstance(targets, dict) else targets
        if labels is not None:
            require_labels(labels, next(iter(self.models.values())).output_shape[-1])

    def save(self, *arguments, **options):
        """Not the whole, which a file could not be read back to; each student can be."""
        raise ValueError(
            "students side by side are saved one by one, as models[name].save(path); or all their "
            "weights, by save_weights or ModelCheckpoint(path, save_weights_only=True)"
        )

    def train_step(self, *state_and_data):
        """Keras's own, on the batch as the augmentation shows it."""
        *state, data = state_and_data  # a state under JAX alone
        if self._augment:
            images, targets, _ = keras.utils.unpack_x_y_sample_weight(data)
            targets = dict(targets)
            data = (self._augment(images, targets.pop("augmentation")), targets)
        return super().train_step(*state, data)

    def call(self, images, training=False):
        return {name: model(images, training=training) for name, model in self.models.items()}

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        if sample_weight is not None:
            raise ValueError("students side by side take no sample_weight or class_weight")
        targets = y if isinstance(y, dict) else {"labels": y}
        targets = targets | {
            name: ask(x) for name, ask in self._online_teachers if name not in targets
        }
        total = self.total_loss(y_pred, targets, training)
        return total + self._decay() if training and self._weight_decay else total

    def total_loss(self, logits, targets, training):
        """Sum of the students' losses, each of which, with its accuracy, its metrics are told.

        Args:
            logits: {name: (batch, classes)}.
            targets: labels and teachers' logits, as `Student.loss` takes them.
            training: whether the batch is one to learn from.
        """
        total = 0.0
        for name, student in self._students:
            loss = student.loss(logits[name], targets)
            self.loss_trackers[name].update_state(loss, ops.shape(logits[name])[0])
            self.accuracy_trackers[name].update_state(correct(logits[name], targets["labels"]))
            total += loss
        return total

    def _decay(self):
        squares = [ops.sum(ops.square(weight)) for weight in self.trainable_variables]
        return self._weight_decay / 2 * sum(squares)


def correct(logits, labels):
    """(..., batch) 1.0 where the largest of logits (..., batch, classes) is the label's, else 0."""
    chosen = ops.argmax(logits, axis=-1)
    labels = ops.cast(ops.reshape(labels, ops.shape(chosen)), chosen.dtype)
    return ops.cast(chosen == labels, "float32")


def _frozen(teacher):
    return lambda images: ops.stop_gradient(teacher(images, training=False))
