"""Distillation losses: what a student's logits cost beside its teacher's and the labels.

May import `backend` and `utils`.
"""

from common.losses.kd import distillation_loss, hard_label_loss, soft_targets

__all__ = ["distillation_loss", "hard_label_loss", "soft_targets"]
