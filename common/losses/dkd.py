"""Decoupled knowledge distillation, Zhao et al. 2022: the label's class and the others apart."""

from common.backend import ops
from common.losses.kd import distillation_loss
from common.losses.non_target import binary_logits, label_mask, non_target_logits
from common.losses.soft_targets import logit_pair
from common.utils.checks import require_temperature


def dkd(student_logits, teacher_logits, labels, temperature, *, alpha=1.0, beta=8.0):
    """T² · [alpha · KL(bᵗ ‖ bˢ) + beta · KL(p̂ᵗ ‖ p̂ˢ)], the method "dkd".

    b is the pair (label's probability, rest) and p̂ the softmax over the classes other than the
    label, both at T (Zhao et al. 2022, arXiv:2203.08679, section 3). "kd" is alpha = 1 with
    beta replaced by each image's 1 - (teacher's probability of the label). Published: hard-label
    loss with weight 1 plus this one, T = 4, beta 8 (ResNet32x4 → 8x4), 6 (VGG, WRN) or 2
    (ResNet56 → 20).

    The authors' code multiplies the loss by min(epoch / 20, 1) in its 240 epochs. That warm-up is
    not part of the loss and is left out here: every step has the same objective, so that methods
    differ in the loss alone, and recipes shorter than 20 epochs would never reach its full weight.

    Args:
        student_logits, teacher_logits: (batch, classes) floats; no gradient into the teacher's.
        labels: (batch,) integers in [0, classes).
        temperature: T > 0.
        alpha: weight of the label's part; not the `alpha` of a `Student`.
        beta: weight of the other classes' part.

    Returns:
        Scalar float32, mean over the batch, nats times T².

    Raises:
        ValueError: no labels; as `distillation_loss`.
    """
    require_temperature(temperature)
    pair = logit_pair(student_logits, teacher_logits)
    mask = label_mask("dkd", pair[0], labels)
    target = distillation_loss(*(binary_logits(x, mask, temperature) for x in pair), temperature)
    others = distillation_loss(*(non_target_logits(x, mask) for x in pair), temperature)
    return ops.mean(alpha * target + beta * others)
