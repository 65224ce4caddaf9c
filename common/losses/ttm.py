"""Transformed teacher matching, Zheng & Yang 2024: only the teacher is softened."""

from common.backend import ops
from common.losses.soft_targets import log_soft_targets, logit_pair


def ttm(student_logits, teacher_logits, labels, temperature):
    """Mean KL(teacher at T ‖ student at 1), without T²: the method "ttm".

    The teacher's probabilities to the power 1 / T, normalized, are its softmax at T; the paper
    calls the exponent γ (Zheng & Yang 2024, arXiv:2402.11148, section 4). Published: hard-label
    loss with weight 1 plus β · this one; for VGG13 → VGG8 γ = 0.1 (T = 10) and β = 45.

    Args:
        student_logits, teacher_logits: (batch, classes) floats; no gradient into the teacher's.
        labels: (batch,) integers, ignored.
        temperature: T > 0, of the teacher alone.

    Returns:
        Scalar float32, nats; 0 where the student equals the softened teacher.

    Raises:
        ValueError: if temperature is not a finite number of at least 1e-6, or classes differ.
    """
    return ops.mean(divergence(student_logits, teacher_logits, temperature))


def divergence(student_logits, teacher_logits, temperature):
    """(batch,) KL of `ttm`, with its arguments and errors."""
    student_logits, teacher_logits = logit_pair(student_logits, teacher_logits)
    teacher = log_soft_targets(teacher_logits, temperature)
    p, difference = ops.exp(teacher), teacher - log_soft_targets(student_logits, 1)
    return ops.sum(ops.where(p > 0, p * difference, 0.0), axis=-1)  # 0 log 0 is 0, logits of -inf
