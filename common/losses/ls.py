"""Logit standardization, Sun et al. 2024: distillation of z-scores instead of logits."""

from common.backend import ops
from common.losses.kd import distillation_loss
from common.losses.soft_targets import logit_pair

_EPSILON = 1e-7  # added to the deviation, as in the authors' code


def ls(student_logits, teacher_logits, labels, temperature):
    """Mean `distillation_loss` of the z-scores of both rows of logits, the method "ls".

    A student need not match the range of its teacher's logits (Sun et al. 2024,
    arXiv:2403.01427, section 4). Published: 0.1 · hard-label loss + 9 · this one at T = 2; by
    pair T = 2 to 4 and weights 1 to 12, of which the weight alone is ten times "kd"'s 0.9.

    Args:
        student_logits, teacher_logits: (batch, classes) finite floats; no gradient into the
            teacher's.
        labels: (batch,) integers, ignored.
        temperature: T > 0 that z-scores are divided by.

    Returns:
        Scalar float32, mean over the batch, nats times T².

    Raises:
        ValueError: as `distillation_loss`.
    """
    pair = logit_pair(student_logits, teacher_logits)
    return ops.mean(distillation_loss(*map(z_scores, pair), temperature))


def z_scores(logits):
    """(x - mean) / (deviation + 1e-7) of each row, the deviation that of a sample (n - 1).

    Rows of equal logits have z-scores and gradients of 0; the authors' code gives NaN gradients.

    Args:
        logits: (batch, classes) floats, at least 2 classes.

    Returns:
        (batch, classes) float32.
    """
    logits = ops.cast(logits, "float32")
    centered = logits - ops.mean(logits, axis=-1, keepdims=True)
    variance = ops.sum(ops.square(centered), axis=-1, keepdims=True) / (logits.shape[-1] - 1)
    varied = variance > 0
    deviation = ops.sqrt(ops.where(varied, variance, 1.0))  # the root has no slope at 0
    return ops.where(varied, centered / (deviation + _EPSILON), 0.0)
