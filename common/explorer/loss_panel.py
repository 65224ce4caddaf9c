"""Second panel: what the loss sees of the image, for a student of one's choice."""

import ipywidgets as widgets

from common.explorer import chart, html
from common.explorer.quantities import GRID, MAX_T, MIN_T, soft_gradients, terms
from common.explorer.shared import Panel, ask, flexible, on_change, row
from common.plots.style import COLORS

ACROSS = chart.Axis("temperature T", MIN_T, MAX_T, (0.5, 1, 2, 5, 10, 20, 50), log=True)


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
        on_change(self._ask, selection.index, selection.teacher, self.student)
        on_change(self.redraw, selection.temperature, selection.alpha)
        self._ask()

    def _list_students(self):
        """Offer all students; the last, mostly the best trained, is chosen."""
        self.student.options = [(s.title, s) for s in self.selection.students]
        self.student.index = len(self.selection.students) - 1

    def _ask(self):
        """Ask the student, and prepare the curves, which the temperature does not change."""
        index = self.selection.index.value
        self.answer = ask(self.student.value.model, self.selection.test.images[index])
        self.unscaled = soft_gradients(self.answer, self.selection.answers[index], GRID)
        self.redraw()

    def redraw(self):
        selection = self.selection
        teacher = selection.answers[selection.index.value]
        temperature, alpha = selection.T, selection.alpha.value
        found = terms(self.answer, teacher, selection.label, temperature)
        title = self.student.value.title
        parts = self._drawn(found, temperature), html.loss_terms(found, alpha, title)
        self.view.value = f'<div class="kd-side">{"".join(parts)}</div>'  # one message a move

    def _drawn(self, found, temperature):
        hard = found.hard_gradient
        curves = [
            chart.Curve("with T²", COLORS["distilled"], GRID, GRID**2 * self.unscaled),
            chart.Curve("without", COLORS["control"], GRID, self.unscaled, dashed=True),
            chart.Curve("label", COLORS["baseline"], GRID, 0 * GRID + hard),
        ]
        seen = [value for curve in curves for value in (curve.y.min(), curve.y.max())]
        return chart.svg(curves, ACROSS, chart.log_axis("gradient norm", seen), temperature)
