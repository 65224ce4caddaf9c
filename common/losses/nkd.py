"""Normalized knowledge distillation, Yang et al. 2023: its two terms beside the cross-entropy."""

from common.backend import ops
from common.losses.kd import distillation_loss
from common.losses.non_target import label_mask, non_target_logits
from common.losses.soft_targets import log_soft_targets, logit_pair


def nkd(student_logits, teacher_logits, labels, temperature, *, gamma=1.5):
    """-pᵗ · log pˢ of the label at T = 1, plus gamma · T² · CE(p̂ᵗ, p̂ˢ): the method "nkd".

    p̂ is the softmax at T over the classes other than the label; CE is their cross-entropy (Yang
    et al. 2023, arXiv:2303.13005, section 3.2). Published: hard-label loss with weight 1 plus
    this one, T = 1 and gamma 1.5; on CIFAR-100 T = 3 and gamma 3.5. The authors' code did not
    leave out the label's class until October 2023; here it is left out, as in the paper.

    Args:
        student_logits, teacher_logits: (batch, classes) floats; no gradient into the teacher's.
        labels: (batch,) integers in [0, classes).
        temperature: T > 0 of the second term.
        gamma: weight of the second term.

    Returns:
        Scalar float32, mean over the batch, nats (the second term times T²). It is above 0 where
        student and teacher agree: there it is the teacher's entropy.

    Raises:
        ValueError: no labels; as `distillation_loss`.
    """
    pair = logit_pair(student_logits, teacher_logits)
    mask = label_mask("nkd", pair[0], labels)
    student, teacher = (ops.where(mask, log_soft_targets(x, 1), 0.0) for x in pair)
    target = ops.sum(ops.where(mask, ops.exp(teacher), 0.0) * -student, axis=-1)
    others = [non_target_logits(x, mask) for x in pair]
    # cross-entropy as KL plus the teacher's entropy, whose gradient is 0: precise at high T
    log_teacher = log_soft_targets(others[1], temperature)
    p = ops.exp(log_teacher)
    entropy = -ops.sum(ops.where(p > 0, p * log_teacher, 0.0), axis=-1)
    cross = distillation_loss(*others, temperature) + temperature**2 * entropy
    return ops.mean(target + gamma * cross)
