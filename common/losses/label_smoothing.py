"""Label smoothing, Szegedy et al. 2016: distillation's baseline without a teacher."""

from common.backend import ops
from common.losses.non_target import label_mask
from common.losses.soft_targets import log_soft_targets
from common.utils.checks import require_fraction


def label_smoothing(student_logits, teacher_logits, labels, temperature, *, epsilon=0.1):
    """Cross-entropy with 1 - ε on the label and ε / (classes - 1) elsewhere: "label_smoothing".

    Szegedy et al. 2016, arXiv:1512.00567, section 7, who divide ε among all classes: their ε is
    this one times classes / (classes - 1). Published: ε = 0.1, without a hard-label loss. Added
    to one, it is label smoothing by ε · soft_weight / (hard_weight + soft_weight).

    Args:
        student_logits: (batch, classes) floats.
        teacher_logits: ignored, may be None.
        labels: (batch,) integers in [0, classes).
        temperature: ignored: the softmax is that at 1.
        epsilon: ε in [0, 1].

    Returns:
        Scalar float32, mean over the batch, nats.

    Raises:
        ValueError: no labels; epsilon out of range.
    """
    require_fraction("epsilon", epsilon)
    mask = label_mask("label_smoothing", student_logits, labels)
    logs = log_soft_targets(student_logits, 1)
    other = epsilon / (logs.shape[-1] - 1)
    return -ops.mean(ops.sum(ops.where(mask, 1 - epsilon, other) * logs, axis=-1))
