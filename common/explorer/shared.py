"""What all panels look at together: teacher, image, temperature, alpha, students."""

import ipywidgets as widgets
import numpy as np

from common.explorer import html
from common.explorer.quantities import MAX_T, MIN_T
from common.utils.checks import require_choice, require_fraction

_WIDE = {"description_width": "110px"}
STEP = np.log10(2) / 28  # decades: 1, 2, 4, 8, 5, 10, 20 and 50 are steps from 0.5


class Panel(widgets.VBox):
    """A box of widgets in the explorer's style; `summary` is shown where widgets cannot be."""

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
    """A row that breaks into lines where the page is narrow."""
    layout = widgets.Layout(flex_flow="row wrap", grid_gap=gap, align_items="flex-start")
    return widgets.HBox(children, layout=layout)


def flexible(least, most="none"):
    """A layout that shares a row: at least `least` wide, but never wider than the page."""
    return widgets.Layout(flex=f"1 1 {least}", min_width="0", max_width=most, width="auto")


def on_change(changed, *handled):
    """Call `changed` without arguments when any of the widgets' values changes."""
    for widget in handled:
        widget.observe(lambda _: changed(), "value")


class Selection:
    """The widgets that several panels share; each may be shown in more than one place.

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
        self._answers = {}
        self.students = []
        self._watchers = []

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
        """The temperature to the three digits that the slider shows."""
        return float(f"{self.temperature.value:.3g}")

    @property
    def logits(self):
        """teachers.Logits of the chosen teacher."""
        return self.teachers[self.teacher.value][1]

    @property
    def answers(self):
        """(n, classes) float32: the chosen teacher's logits of all test images."""
        title = self.teacher.value
        if title not in self._answers:
            targets = self.logits.targets("test", self.test.images)
            self._answers[title] = targets.unaugmented()
        return self._answers[title]

    @property
    def label(self):
        return int(self.test.labels[self.index.value])

    def add_student(self, student):
        """Let every panel know of an `at_hand.NamedModel`."""
        self.students.append(student)
        for watcher in self._watchers:
            watcher()

    def on_students(self, watcher):
        """Call `watcher` without arguments when a student was added."""
        self._watchers.append(watcher)


def ask(model, image):
    """(classes,) float32 logits of a model for one uint8 (h, w, c) image."""
    return np.asarray(model(np.asarray(image)[None], training=False))[0]
