"""A teacher's soft targets and the loss that carries them to a student."""

import math

from common.backend import ops
from common.utils.checks import require_positive


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
    student_logits = ops.convert_to_tensor(student_logits)
    teacher_logits = ops.stop_gradient(ops.convert_to_tensor(teacher_logits))
    require_positive("temperature", temperature)
    _check_pair(tuple(student_logits.shape), tuple(teacher_logits.shape))
    if temperature >= SERIES_TEMPERATURE:
        return _high_temperature_loss(
            student_logits, teacher_logits, min(temperature, _MAX_TEMPERATURE)
        )
    return _loss(student_logits, teacher_logits, temperature)


def _loss(student_logits, teacher_logits, temperature):
    """As it is defined."""
    student, teacher = (
        _log_soft_targets(logits, temperature) for logits in (student_logits, teacher_logits)
    )
    return temperature**2 * ops.sum(ops.exp(teacher) * (teacher - student), axis=-1)


# From here on the two softmaxes are so alike that float32 loses their difference's digits.
SERIES_TEMPERATURE = 100
_MAX_TEMPERATURE = 1e15  # whose square float32 still holds; the loss is at its limit long before


def _high_temperature_loss(student_logits, teacher_logits, temperature):
    """The same where all is nearly equal, from the logits' own differences, which lose no digits.

    With u = (d - Σ p d) / T, d = student - teacher and p the teacher's soft targets, KL is
    log1p(Σ p (exp(u) - 1 - u)); as T grows, T² KL tends to half the variance of d. Rows with a
    |u| above 1 have enough digits as it is.
    """
    p = soft_targets(teacher_logits, temperature)
    difference = ops.cast(student_logits, "float32") - ops.cast(teacher_logits, "float32")
    centered = difference - ops.sum(p * difference, axis=-1, keepdims=True)
    in_series_range = ops.max(ops.abs(centered), axis=-1, keepdims=True) <= temperature
    centered = ops.where(in_series_range, centered, 0.0)
    excess = ops.sum(p * ops.square(centered) * _curvature(centered / temperature), axis=-1)
    unscaled = excess / temperature / temperature
    tiny = unscaled < 1e-5  # where log1p(x) / x is 1 - x / 2
    safe = ops.where(tiny, 1.0, unscaled)
    hot = excess * ops.where(tiny, 1 - unscaled / 2, ops.log1p(safe) / safe)
    return ops.where(
        in_series_range[..., 0], hot, _loss(student_logits, teacher_logits, temperature)
    )


def _curvature(u):
    """(exp(u) - 1 - u) / u², 1/2 at 0, by its series: for |u| up to 1."""
    return sum(u**k / math.factorial(k + 2) for k in range(8))


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
    require_positive("temperature", temperature)
    return ops.log_softmax(ops.cast(logits, "float32") / temperature, axis=-1)


def _check_pair(student, teacher):
    """Refuse shapes that would broadcast; a size still unknown (None) fits any."""
    same_rank = len(student) == len(teacher)
    known = [pair for pair in zip(student, teacher, strict=False) if None not in pair]
    if not same_rank or any(ours != theirs for ours, theirs in known):
        raise ValueError(f"student {student} and teacher {teacher} differ in rows or classes")
