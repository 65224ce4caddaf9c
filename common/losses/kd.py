"""Knowledge distillation by soft targets: T² · KL(teacher ‖ student), Hinton et al. 2015."""

import math

from common.backend import ops
from common.losses.soft_targets import log_soft_targets, logit_pair, soft_targets
from common.utils.checks import require_temperature

SERIES_TEMPERATURE = 100  # from here on float32 cannot resolve the difference of the softmaxes
_MAX_TEMPERATURE = 1e15  # its square fits in float32; the loss reaches its limit long before


def kd(student_logits, teacher_logits, labels, temperature):
    """Mean `distillation_loss` of a batch, the method "kd"; the labels are not used.

    Args:
        student_logits: (batch, classes) floats, before any softmax.
        teacher_logits: (batch, classes) floats; no gradient flows into them.
        labels: (batch,) integers, ignored.
        temperature: T > 0.

    Returns:
        Scalar float32, nats times T².

    Raises:
        ValueError: as `distillation_loss`.
    """
    return ops.mean(distillation_loss(student_logits, teacher_logits, temperature))


def distillation_loss(student_logits, teacher_logits, temperature):
    """Soft-target loss T² · KL(teacher ‖ student) of the softmaxes at temperature T.

    T² keeps the soft-target gradient on the scale of the hard-label gradient as T
    changes (Hinton, Vinyals & Dean 2015, arXiv:1503.02531, section 2).

    Args:
        student_logits: (batch, classes) floats, before any softmax.
        teacher_logits: (batch, classes) floats; no gradient flows into them.
        temperature: T > 0; at 1 the logits are used as they are.

    Returns:
        (batch,) float32, nats times T²; 0 where the two softmaxes agree. Classes that the teacher
        masks with a logit of -inf add nothing; infinity if the student alone masks a class.

    Raises:
        ValueError: if temperature is not a finite number of at least 1e-6, or classes differ.
    """
    require_temperature(temperature)
    student_logits, teacher_logits = logit_pair(student_logits, teacher_logits)
    if temperature >= SERIES_TEMPERATURE:
        return _high_temperature_loss(
            student_logits, teacher_logits, min(temperature, _MAX_TEMPERATURE)
        )
    return _loss(student_logits, teacher_logits, temperature)


def _loss(student_logits, teacher_logits, temperature):
    """The loss by its definition."""
    student, teacher = (
        log_soft_targets(logits, temperature) for logits in (student_logits, teacher_logits)
    )
    p = ops.exp(teacher)
    terms = ops.where(p > 0, p * (teacher - student), 0.0)  # 0 log 0 is 0: classes of logit -inf
    return temperature**2 * ops.sum(terms, axis=-1)


def _high_temperature_loss(student_logits, teacher_logits, temperature):
    """The loss for high T, computed from differences of logits, which keep their precision.

    With u = (d - Σ p d) / T, d = student - teacher and p the teacher's soft targets, KL is
    log1p(Σ p (exp(u) - 1 - u)); as T grows, T² KL tends to half the variance of d. Rows with a
    |u| above 1 use the definition, which is precise enough for them.
    """
    p = soft_targets(teacher_logits, temperature)
    difference = ops.cast(student_logits, "float32") - ops.cast(teacher_logits, "float32")
    both_masked = ops.isnan(difference) & ops.isinf(ops.cast(student_logits, "float32"))
    difference = ops.where(both_masked, 0.0, difference)
    comparable = ops.all(ops.isfinite(difference), axis=-1, keepdims=True)
    difference = ops.where(ops.isfinite(difference), difference, 0.0)
    centered = difference - ops.sum(p * difference, axis=-1, keepdims=True)
    in_series_range = ops.max(ops.abs(centered), axis=-1, keepdims=True) <= temperature
    in_series_range = in_series_range & comparable  # neither masks a class (logit -inf) alone
    centered = ops.where(in_series_range, centered, 0.0)
    excess = ops.sum(p * ops.square(centered) * _curvature(centered / temperature), axis=-1)
    by_series = excess * _log1p_ratio(excess / temperature / temperature)
    by_definition = _loss(student_logits, teacher_logits, temperature)
    return ops.where(in_series_range[..., 0], by_series, by_definition)


def _curvature(u):
    """(exp(u) - 1 - u) / u², 1/2 at 0, by its Taylor series: for |u| up to 1.

    Horner's scheme: the gradient of u**0 would be NaN at 0.
    """
    total = 1 / math.factorial(9)
    for k in range(8, 1, -1):
        total = total * u + 1 / math.factorial(k)
    return total


def _log1p_ratio(x):
    """log1p(x) / x, 1 at 0, for x of at least 0; below 1e-5 it is 1 - x / 2."""
    tiny = x < 1e-5
    safe = ops.where(tiny, 1.0, x)
    return ops.where(tiny, 1 - x / 2, ops.log1p(safe) / safe)
