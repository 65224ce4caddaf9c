"""A teacher's soft targets and the loss that carries them to a student."""

import math

from common.backend import ops


def soft_targets(logits, temperature):
    """Class probabilities softened by a temperature: softmax(logits / T).

    Hinton, Vinyals & Dean 2015, arXiv:1503.02531, equation 1.

    Args:
        logits: (batch, classes) floats, before any softmax.
        temperature: T > 0; at 1 the ordinary softmax, toward infinity the uniform one.

    Returns:
        (batch, classes) float32 probabilities; each row sums to 1.

    Raises:
        ValueError: if temperature is not a finite number above 0.
    """
    return ops.exp(_log_soft_targets(logits, temperature))


def distillation_loss(student_logits, teacher_logits, temperature):
    """Soft-target loss T² · KL(teacher ‖ student) of the softmaxes at temperature T.

    T² keeps the soft-target gradient on the scale of the hard-label gradient as T
    changes (Hinton, Vinyals & Dean 2015, arXiv:1503.02531, section 2).

    Args:
        student_logits: (batch, classes) floats, before any softmax.
        teacher_logits: (batch, classes) floats; no gradient flows into them.
        temperature: T > 0; at 1 the logits are used as they are.

    Returns:
        (batch,) float32, nats times T²; 0 where the two softmaxes agree.

    Raises:
        ValueError: if temperature is not a finite number above 0, or classes differ.
    """
    student = _log_soft_targets(student_logits, temperature)
    teacher = _log_soft_targets(ops.stop_gradient(teacher_logits), temperature)
    _check_pair(tuple(student.shape), tuple(teacher.shape))
    return temperature**2 * ops.sum(ops.exp(teacher) * (teacher - student), axis=-1)


def hard_label_loss(logits, labels):
    """Cross-entropy with the labels at temperature 1.

    Args:
        logits: (batch, classes) floats.
        labels: (batch,) integers in [0, classes).

    Returns:
        (batch,) float32, nats.
    """
    return ops.sparse_categorical_crossentropy(labels, ops.cast(logits, "float32"), True)


def _log_soft_targets(logits, temperature):
    if not 0 < temperature < math.inf:
        raise ValueError(f"temperature must be a finite number above 0, got {temperature}")
    return ops.log_softmax(ops.cast(logits, "float32") / temperature, axis=-1)


def _check_pair(student, teacher):
    """Refuse shapes that would broadcast; a size still unknown (None) fits any."""
    same_rank = len(student) == len(teacher)
    known = [pair for pair in zip(student, teacher, strict=False) if None not in pair]
    if not same_rank or any(ours != theirs for ours, theirs in known):
        raise ValueError(f"student {student} and teacher {teacher} differ in rows or classes")
