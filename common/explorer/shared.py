"""Selection that all panels share: teacher, image, temperature, alpha, students."""

import ipywidgets as widgets
import numpy as np

from common.explorer import html
from common.explorer.quantities import MAX_T, MIN_T
from common.utils.checks import require_choice, require_fraction

_WIDE = {"description_width": "110px"}
STEP = np.log10(2) / 28  # in decades: from 0.5 it reaches 1, 2, 4, 5, 8, 10, 20 and 50


class Panel(widgets.VBox):
    """A box of widgets in the explorer's style; without widgets `summary` is shown instead."""

    def __init__(self, children, summary):
        style = widgets.HTML(html.style(), layout=widgets.Layout(display="none"))
        super().__init__([style, *children])
        self.summary = summary
        self.add_class("kd")

    def _repr_mimebundle_(self, **options):
        bundle = super()._repr_mimebundle_(**options)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        data["text/plain"] = f"{self.summary} (interactive in JupyterLab: make lab, run all cells)"
        return bundle


def row(*children, gap="12px"):
    """A row of widgets that wraps on a narrow page."""
    layout = widgets.Layout(flex_flow="row wrap", grid_gap=gap, align_items="flex-start")
    return widgets.HBox(children, layout=layout)


def flexible(least, most="none"):
    """A layout that shares a row: from `least` to `most` wide, never wider than the page."""
    return widgets.Layout(flex=f"1 1 {least}", min_width="0", max_width=most, width="auto")


def on_change(callback, *inputs):
    """Call `callback` without arguments when the value of any of the widgets changes."""
    for widget in inputs:
        widget.observe(lambda _: callback(), "value")


class Selection:
    """Widgets that several panels share; each may be displayed in more than one place.

    Args:
        study: Study.
        teachers: {title: (name, teachers.Logits)}, at least one.
        temperature: T in [0.5, 50]; alpha: in [0, 1]; index: of a test image.

    Raises:
        ValueError: a value out of its range.
    """

    def __init__(self, study, teachers, *, temperature=4.0, alpha=0.9, index=0):
        self.study, self.teachers, self.test = study, teachers, study.dataset.test
        if not MIN_T <= temperature <= MAX_T:
            raise ValueError(f"temperature must lie between 0.5 and 50, got {temperature!r}")
        require_fraction("alpha", alpha)
        require_choice("test image", int(index), range(len(self.test)))
        self._make_widgets(temperature, alpha, int(index))
        self._test_logits = {}
        self.students = []
        self._callbacks = []

    def _make_widgets(self, temperature, alpha, index):
        self.temperature = widgets.FloatLogSlider(
            value=temperature, min=np.log10(MIN_T), max=np.log10(MAX_T), step=STEP,
            description="temperature T", readout_format=".3g", style=_WIDE,
            layout=flexible("340px", "640px"),
        )  # fmt: skip
        self.alpha = widgets.FloatSlider(
            value=alpha, min=0, max=1, step=0.05, description="alpha (soft)", style=_WIDE,
            layout=flexible("340px", "640px"),
            tooltip="weight of the soft-target loss; 1 - alpha weighs the hard-label loss",
        )  # fmt: skip
        self.teacher = widgets.Dropdown(
            options=list(self.teachers), description="teacher", layout=flexible("230px", "320px")
        )
        self.index = widgets.BoundedIntText(
            value=index, min=0, max=len(self.test) - 1, description="test image",
            layout=flexible("200px", "230px"),
        )  # fmt: skip

    @property
    def T(self):
        """The temperature, rounded to the three digits that the slider displays."""
        return float(f"{self.temperature.value:.3g}")

    @property
    def logits(self):
        """teachers.Logits of the chosen teacher."""
        return self.teachers[self.teacher.value][1]

    @property
    def test_logits(self):
        """(n, classes) float32 logits of the chosen teacher for all test images."""
        title = self.teacher.value
        if title not in self._test_logits:
            targets = self.logits.targets("test", self.test.images)
            self._test_logits[title] = targets.unaugmented()
        return self._test_logits[title]

    @property
    def label(self):
        """Class index of the chosen image."""
        return int(self.test.labels[self.index.value])

    def add_student(self, student):
        """Add an `available.NamedModel` and notify the panels."""
        self.students.append(student)
        for callback in self._callbacks:
            callback()

    def on_students(self, callback):
        """Call `callback` without arguments after each `add_student`."""
        self._callbacks.append(callback)


def predict(model, image):
    """(classes,) float32 logits of a model for one uint8 (h, w, c) image."""
    return np.asarray(model(np.asarray(image)[None], training=False))[0]
