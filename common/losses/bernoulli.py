"""Distillation of independent classes: multi-label and binary targets, a sigmoid for each class."""

from common.backend import ops
from common.losses.kd import distillation_loss
from common.losses.soft_targets import logit_pair


def bernoulli(student_logits, teacher_logits, labels, temperature):
    """Mean `bernoulli_loss` of a batch, the method "bernoulli"; the labels are not used.

    Args:
        student_logits, teacher_logits: (batch, classes) floats, before any sigmoid; no gradient
            into the teacher's.
        labels: ignored.
        temperature: T > 0.

    Returns:
        Scalar float32, nats times T².

    Raises:
        ValueError: as `distillation_loss`.
    """
    return ops.mean(bernoulli_loss(student_logits, teacher_logits, temperature))


def bernoulli_loss(student_logits, teacher_logits, temperature, class_weights=None):
    """Σ_c w_c · T² · KL(Bernoulli(σ(v_c / T)) ‖ Bernoulli(σ(z_c / T))), teacher v, student z.

    Each class is a question of its own, answered by a sigmoid: an image may have several labels or
    none. A Bernoulli distribution is the softmax of the logits (x, 0), so that each class is a
    `distillation_loss` of two classes (Hinton, Vinyals & Dean 2015, arXiv:1503.02531).

    Args:
        student_logits, teacher_logits, temperature: as in `bernoulli`.
        class_weights: (classes,) weights w of the classes; None for 1.

    Returns:
        (batch,) float32, nats times T².
    """
    student, teacher = map(_pairs, logit_pair(student_logits, teacher_logits))
    by_class = distillation_loss(student, teacher, temperature)
    return ops.sum(_weighted(by_class, class_weights), axis=-1)


def sigmoid_label_loss(logits, labels, class_weights=None):
    """Sigmoid cross-entropy with multi-hot labels: Σ_c w_c · -log p(label of class c), at T = 1.

    Args:
        logits: (batch, classes) floats.
        labels: (batch, classes), 1 for each class that an image has, else 0.
        class_weights: as in `bernoulli_loss`.

    Returns:
        (batch,) float32, nats.
    """
    logits = ops.cast(logits, "float32")
    labels = ops.cast(ops.reshape(labels, ops.shape(logits)), "bool")
    by_class = ops.softplus(ops.where(labels, -logits, logits))  # keeps the digits of small losses
    return ops.sum(_weighted(by_class, class_weights), axis=-1)


def _pairs(logits):
    """(batch, classes, 2): the logit of yes, and 0 for no."""
    logits = ops.cast(logits, "float32")
    return ops.stack([logits, ops.zeros_like(logits)], axis=-1)


def _weighted(by_class, class_weights):
    if class_weights is None:
        return by_class
    return by_class * ops.convert_to_tensor(class_weights, "float32")
