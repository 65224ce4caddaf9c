"""Explorer: interactive panels on temperature, loss, training and drawn digits for JupyterLab.

    view = Explorer(study)
    view.soft_targets  # each attribute is a panel: the last line of a cell
    view.loss
    view.training
    view.drawn_digit

The panels share a teacher, a test image, T and alpha. Soft targets, losses, entropies and
trainings are computed by the functions that the notebooks' tables use.

`python -m common.explorer.page` writes a page that needs no kernel: `page_content` is its data,
static/ its JavaScript, which `bundle` puts into one file.

May import every package but `benchmark`.
"""

import functools

from common.explorer import available
from common.explorer.drawn_digit_panel import DrawnDigitPanel
from common.explorer.loss_panel import LossPanel
from common.explorer.shared import Selection
from common.explorer.soft_targets_panel import SoftTargetsPanel
from common.explorer.training_panel import TrainingPanel

__all__ = ["Explorer"]


class Explorer:
    """Panels of one study, each built when first accessed.

    Args:
        study: Study with at least one teacher whose logits exist.
        students: {title: runs.Run}, finished runs to show; runs without saved weights are
            left out.
        temperature: T in [0.5, 50]; alpha: in [0, 1]; index: of a test image.

    Raises:
        ValueError: a value out of its range.
        FileNotFoundError: no teacher has logits.
    """

    def __init__(self, study, *, students=None, temperature=4.0, alpha=0.9, index=0):
        teachers = available.teachers_with_logits(study)
        self.selection = Selection(
            study, teachers, temperature=temperature, alpha=alpha, index=index
        )
        for title, spec in available.students(study).items():
            self.selection.add_student(available.untrained(study, spec, title))
        for student in available.trained(study, students or {}):
            self.selection.add_student(student)

    @functools.cached_property
    def soft_targets(self):
        """Image, soft targets, entropy and effective number of classes."""
        return SoftTargetsPanel(self.selection)

    @functools.cached_property
    def loss(self):
        """Gradients with and without T², hard and soft terms at alpha."""
        return LossPanel(self.selection)

    @functools.cached_property
    def training(self):
        """A live distillation at the chosen T and alpha, beside the recorded sweep."""
        return TrainingPanel(self.selection)

    @functools.cached_property
    def drawn_digit(self):
        """Predictions of teacher and students for a PNG that the user drew."""
        return DrawnDigitPanel(self.selection)
