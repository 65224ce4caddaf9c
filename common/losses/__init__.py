"""Distillation losses: one file a method, found by name in `LOSSES`.

A method is a function (student_logits, teacher_logits, labels, temperature, **options) ->
scalar float32: the mean over the batch, in nats. Logits are (batch, classes) before any softmax.
Labels are (batch,) integers; of the methods in `distillation.MULTI_LABEL`, (batch, classes)
multi-hot rows. Options are keyword arguments of the method's own, with defaults. No gradient may
flow into the teacher's logits. `side_by_side.Student(..., method=name)` trains with it:
hard_weight · cross-entropy with the labels + soft_weight · method. The weights default to
1 - alpha and alpha, of which the methods but "kd" are published with a hard_weight of 1.

To add a method, write it in a new file of this folder and enter it in `LOSSES`, and, if it does
not use the labels, in `LABEL_FREE`: with alpha = 1 it then trains without any, `labels` being None.

May import `backend` and `utils`.
"""

import inspect

from common.losses.bernoulli import bernoulli, bernoulli_loss, sigmoid_label_loss
from common.losses.dist import dist
from common.losses.dkd import dkd
from common.losses.kd import distillation_loss, kd
from common.losses.label_smoothing import label_smoothing
from common.losses.ls import ls
from common.losses.nkd import nkd
from common.losses.soft_targets import hard_label_loss, soft_targets
from common.losses.ttm import ttm
from common.losses.wttm import wttm
from common.utils.checks import require_choice, require_not_negative

LOSSES = {
    "kd": kd,
    "dkd": dkd,
    "dist": dist,
    "ls": ls,
    "nkd": nkd,
    "ttm": ttm,
    "wttm": wttm,
    "bernoulli": bernoulli,
    "label_smoothing": label_smoothing,
}
LABEL_FREE = {"kd", "dist", "ls", "ttm", "wttm", "bernoulli"}

__all__ = [
    "LABEL_FREE",
    "LOSSES",
    "bernoulli_loss",
    "distillation_loss",
    "hard_label_loss",
    "require_method",
    "sigmoid_label_loss",
    "soft_targets",
]


def require_method(method, options=()):
    """Raise ValueError, listing near names, for an unknown method, option or option's value.

    Args:
        method: a name in `LOSSES`.
        options: {name: number} of keyword arguments for the method, finite and at least 0.
    """
    require_choice("method", method, LOSSES)
    known = [*inspect.signature(LOSSES[method]).parameters][4:]
    for name in options:
        if not known:
            raise ValueError(f"the method {method} takes no options, got {name!r}")
        require_choice(f"option of the method {method}", name, known)
        require_not_negative(f"the option {name} of {method}", options[name])
