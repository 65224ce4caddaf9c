"""Loss panel: terms and gradients of the loss on one image, for the chosen student."""

import ipywidgets as widgets
import numpy as np

from common.explorer import chart, html
from common.explorer.quantities import GRID, MAX_T, MIN_T, loss_terms, soft_gradients
from common.explorer.shared import Panel, flexible, on_change, predict, row
from common.plots.style import COLORS

T_AXIS = chart.Axis("temperature T", MIN_T, MAX_T, (0.5, 1, 2, 5, 10, 20, 50), log=True)


class LossPanel(Panel):
    """Gradient norms over T, with and without T²; hard and soft terms at the current alpha."""

    def __init__(self, selection):
        self.selection = selection
        self.student = widgets.Dropdown(description="student", layout=flexible("320px", "480px"))
        self.view = widgets.HTML(layout=flexible("320px"))
        self._list_students()
        super().__init__(
            [
                row(self.student),
                row(selection.temperature),
                row(selection.alpha),
                row(self.view),
            ],
            "Gradient of the soft-target loss with and without T², hard and soft terms",
        )
        selection.on_students(self._list_students)
        on_change(self._predict, selection.index, selection.teacher, self.student)
        on_change(self.redraw, selection.temperature, selection.alpha)
        self._predict()

    def _list_students(self):
        """List all students and choose the last, which was added last."""
        self.student.options = [(s.title, s) for s in self.selection.students]
        self.student.index = len(self.selection.students) - 1

    def _predict(self):
        """Compute the student's logits, and the curves, which do not depend on T."""
        index = self.selection.index.value
        self.student_logits = predict(self.student.value.model, self.selection.test.images[index])
        teacher_logits = self.selection.test_logits[index]
        self.unscaled = soft_gradients(self.student_logits, teacher_logits, GRID)
        self.redraw()

    def redraw(self):
        selection = self.selection
        teacher_logits = selection.test_logits[selection.index.value]
        temperature, alpha = selection.T, selection.alpha.value
        terms = loss_terms(self.student_logits, teacher_logits, selection.label, temperature)
        table = html.loss_terms(terms, alpha, self.student.value.title)
        chart_svg = self._chart(terms.hard_gradient, temperature)
        # one widget: one message to the browser for each move of a slider
        self.view.value = f'<div class="kd-side">{chart_svg}{table}</div>'

    def _chart(self, hard_gradient, temperature):
        curves = [
            chart.Curve("with T²", COLORS["distilled"], GRID, GRID**2 * self.unscaled),
            chart.Curve("without", COLORS["control"], GRID, self.unscaled, dashed=True),
            chart.Curve("label", COLORS["baseline"], GRID, np.full_like(GRID, hard_gradient)),
        ]
        norms = np.concatenate([curve.y for curve in curves])
        return chart.svg(curves, T_AXIS, chart.log_axis("gradient norm", norms), temperature)
