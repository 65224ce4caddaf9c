"""Student: a model, its objective and the settings of its distillation."""

import dataclasses

from common.backend import keras, ops
from common.distillation import Distillation
from common.losses import (
    LOSSES,
    bernoulli_loss,
    distillation_loss,
    hard_label_loss,
    require_method,
    sigmoid_label_loss,
)


@dataclasses.dataclass(frozen=True)
class Student:
    """A model and its objective: hard_weight · hard-label loss + soft_weight · method's loss.

    Args:
        model: images (batch, h, w, c) -> logits (batch, classes).
        temperature: T of the soft targets, at least 1e-6; "kd" multiplies their loss by T².
        alpha: weight of the method's loss, in [0, 1], with 1 - alpha for the hard-label loss; 0 is
            a baseline on labels only. May be None if one of the weights is given.
        teacher: name of the teacher's logits among the training targets.
        shuffled: learn from the logits of the batch's previous image: a control. `fit` refuses
            data that make no control: batches of one image (where it does not detect them, their
            loss is 0), and images in the order of their classes, which it detects in arrays (all),
            a PyDataset (first and last batch) and other data sets (first batch).
        method: a name in `losses.LOSSES`.
        hard_weight, soft_weight: replace 1 - alpha and alpha; if alpha is None, a weight that is
            omitted is 1.
        options: {name: number} of keyword arguments of the method, such as {"beta": 8} of "dkd".
        class_weights: (classes,) weights of the classes, as in `Distillation`.

    With the method "bernoulli", labels are multi-hot rows (batch, classes), and the hard-label
    loss is the sigmoid cross-entropy, for a baseline too.

    Attributes:
        distillation: all settings but model and teacher, as a `Distillation`.

    Raises:
        ValueError: as `Distillation`; an unknown method, option or an option's value below 0.
    """

    model: keras.Model
    temperature: float
    alpha: float | None = None
    teacher: str = "teacher"
    shuffled: bool = False
    method: str = "kd"
    hard_weight: float | None = None
    soft_weight: float | None = None
    options: dict = dataclasses.field(default_factory=dict)
    class_weights: tuple | None = None
    distillation: Distillation = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self):
        require_method(self.method, self.options)
        settings = Distillation(
            self.temperature,
            self.alpha,
            self.method,
            "shuffled" if self.shuffled else None,
            self.hard_weight,
            self.soft_weight,
            self.options,
            self.class_weights,
        )
        object.__setattr__(self, "distillation", settings)

    def loss(self, logits, targets):
        """Mean loss of a batch, a scalar float32 in nats.

        Args:
            logits: (batch, classes) floats of the student.
            targets: dict with `labels`, if the hard-label loss has a weight or the method uses
                them, and, if it needs them, the teacher's logits.

        Raises:
            ValueError: labels or teacher's logits that are needed and not among the targets, or
                logits of another shape.
        """
        total, labels = 0.0, targets.get("labels")
        hard_weight, soft_weight = self.distillation.weights
        if hard_weight > 0:
            if labels is None:
                raise ValueError("the hard-label loss needs labels: set its weight to 0 (alpha=1)")
            total += hard_weight * ops.mean(self._hard_losses(logits, labels))
        if soft_weight > 0:
            teacher_logits = self.teacher_logits(targets) if self.needs_teacher else None
            weight = soft_weight * self.has_other_images(ops.shape(logits)[0])
            total += weight * self.method_loss(logits, teacher_logits, labels)
        return total

    @property
    def needs_teacher(self):
        """Whether the loss reads the teacher's logits."""
        return self.distillation.needs_teacher

    def method_loss(self, logits, teacher_logits, labels):
        """The method's loss of a batch, scalar float32, without its weight."""
        if self.distillation.class_weights is None:
            method = LOSSES[self.method]
            return method(logits, teacher_logits, labels, self.temperature, **self.options)
        arguments = (logits, teacher_logits, self.temperature)
        if self.multi_label:
            return ops.mean(bernoulli_loss(*arguments, self.distillation.class_weights))
        return ops.mean(self._image_weights(labels) * distillation_loss(*arguments))

    @property
    def multi_label(self):
        """Whether its labels are multi-hot rows."""
        return self.distillation.multi_label

    def _hard_losses(self, logits, labels):
        """(batch,) losses with the labels, class weights included."""
        if self.multi_label:
            return sigmoid_label_loss(logits, labels, self.distillation.class_weights)
        losses = hard_label_loss(logits, labels)
        return losses if self.class_weights is None else self._image_weights(labels) * losses

    def _image_weights(self, labels):
        """(batch,) weights of the images, those of their labels' classes."""
        weights = ops.convert_to_tensor(self.distillation.class_weights, "float32")
        return ops.take(weights, ops.cast(ops.reshape(labels, (-1,)), "int32"), axis=0)

    def has_other_images(self, count):
        """1, or 0 if it is shuffled and in a batch of `count` = 1 image, which has no other."""
        return ops.cast(count > 1, "float32") if self.shuffled else 1

    def teacher_logits(self, targets):
        """(batch, classes) logits that the student learns from, rolled by one row if shuffled."""
        if self.teacher not in targets:
            raise ValueError(missing_logits(self.teacher, targets))
        logits = targets[self.teacher]
        return ops.roll(logits, 1, axis=0) if self.shuffled else logits


def missing_logits(teacher, targets):
    """The sentence that refuses targets without a teacher's logits.

    Args:
        teacher: its name.
        targets: dict of the targets, by name.
    """
    return (
        f"no logits of {teacher!r} among the targets {[*targets]}: add them under this name, or "
        "pass SideBySide the teacher"
    )
