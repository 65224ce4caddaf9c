"""Distillation losses: one file a method, found by name in `LOSSES`.

A method is a function (student_logits, teacher_logits, labels, temperature, **options) ->
scalar float32: the mean over the batch, in nats. Logits are (batch, classes) before any softmax,
labels (batch,) integers; options are keyword arguments of the method's own, with defaults. No
gradient may flow into the teacher's logits. `side_by_side.Student(..., method=name)` trains with
it: alpha · method + (1 - alpha) · cross-entropy with the labels.

To add a method, write it in a new file of this folder and enter it in `LOSSES`, and, if it does
not use the labels, in `LABEL_FREE`: with alpha = 1 it then trains without any, `labels` being None.

May import `backend` and `utils`.
"""

from common.losses.kd import distillation_loss, kd
from common.losses.soft_targets import hard_label_loss, soft_targets

LOSSES = {"kd": kd}
LABEL_FREE = {"kd"}

__all__ = ["LABEL_FREE", "LOSSES", "distillation_loss", "hard_label_loss", "soft_targets"]
