"""Weighted transformed teacher matching, Zheng & Yang 2024: `ttm` with a weight for each image."""

from common.backend import ops
from common.losses.soft_targets import log_soft_targets
from common.losses.ttm import divergence


def wttm(student_logits, teacher_logits, labels, temperature):
    """Mean of w · KL(teacher at T ‖ student at 1), w = Σ p^(1/T): the method "wttm".

    p are the teacher's probabilities at T = 1; for T above 1 the weight w, from 1 to the number of
    classes, grows with the teacher's uncertainty (Zheng & Yang 2024, arXiv:2402.11148, section
    4.3). Published: hard-label loss with weight 1 plus β · this one; for VGG13 → VGG8 γ = 0.1
    (T = 10) and β = 2.25 (appendix A.4), a twentieth of `ttm`'s, because w is far above 1.

    Args:
        student_logits, teacher_logits: (batch, classes) floats; no gradient into the teacher's.
        labels: (batch,) integers, ignored.
        temperature: T > 0, of the teacher alone.

    Returns:
        Scalar float32, nats.

    Raises:
        ValueError: as `ttm`.
    """
    loss = divergence(student_logits, teacher_logits, temperature)
    log_teacher = ops.stop_gradient(log_soft_targets(teacher_logits, 1))
    return ops.mean(ops.sum(ops.exp(log_teacher / temperature), axis=-1) * loss)
