"""Training panel: a live distillation at the chosen T and alpha, beside the recorded sweep."""

import dataclasses

import ipywidgets as widgets
import numpy as np

from common.distillation import Distillation
from common.explorer import available, chart, html
from common.explorer.live_run import LiveRun
from common.explorer.shared import Panel, flexible, on_change, row
from common.explorer.trials_table import trials_table
from common.plots.style import COLORS
from common.runs import Run


class TrainingPanel(Panel):
    """Buttons Train and Stop, a live curve, and a table of the user's trials and recorded runs."""

    def __init__(self, selection):
        self.selection, self.study = selection, selection.study
        self.specs = available.students(self.study)
        self.trials = []
        self._make_widgets()
        super().__init__(
            [
                row(self.student, self.epochs, self.seed),
                row(selection.temperature),
                row(selection.alpha),
                row(self.train, self.stop, self.progress, gap="6px"),
                self.message,
                row(self.curve),
                row(self.table),
            ],
            f"Distill a two-layer network on {self.study.dataset.name} at your T and alpha",
        )
        on_change(self._show_records, self.student, selection.teacher)
        self.train.on_click(lambda _: self._start())
        self.stop.on_click(lambda _: self._stop())
        self._show_records()

    def _make_widgets(self):
        recipe = next(iter(self.specs.values())).recipe
        self.student = widgets.Dropdown(
            options=list(self.specs), description="student", layout=flexible("260px", "320px")
        )
        self.epochs = _integer_field("epochs", self.study.student_epochs or recipe.epochs, 1, 1000)
        self.seed = _integer_field("seed", 0, 0, 9999)
        self.train = widgets.Button(description="Train", icon="play", button_style="success")
        self.stop = widgets.Button(description="Stop", icon="stop", disabled=True)
        self.progress = widgets.FloatProgress(max=1.0, layout=flexible("160px", "320px"))
        self.message, self.curve = widgets.HTML(), widgets.HTML(layout=flexible("300px", "560px"))
        self.table = widgets.HTML(layout=flexible("460px"))

    @property
    def trial(self):
        """The latest `LiveRun`; None before the first."""
        return self.trials[-1] if self.trials else None

    def _start(self):
        if self.trial and self.trial.state == "running":
            return
        trial = self._new_trial()
        self.trials.append(trial)
        trial.start()
        self.redraw()

    def _new_trial(self):
        selection, spec = self.selection, self.specs[self.student.value]
        alpha, logits, teacher = selection.alpha.value, None, {}
        if alpha:
            logits = selection.logits
            teacher = {"teacher": logits.identity, "distillation": Distillation(selection.T, alpha)}
        dataset = self.study.dataset
        recipe = dataclasses.replace(spec.recipe, epochs=self.epochs.value)
        run = Run(
            model=spec.model,
            recipe=recipe,
            seed=self.seed.value,
            options=spec.options,
            **dataset.identity,
            **teacher,
        )
        title = f"{self.student.value}, trial {len(self.trials) + 1}"
        return LiveRun(run, dataset, logits, title, self._notified)

    def _stop(self):
        self.stop.disabled = True
        self.trial.stop()

    def _notified(self):
        """In the training thread: redraw, and add the student once it is trained."""
        self.redraw()
        if self.trial.state in ("finished", "stopped"):
            self._show_table()
            role = "distilled" if self.trial.run.teacher else "baseline"
            if self.trial.errors:
                self.selection.add_student(
                    available.NamedModel(self.trial.title, role, self.trial.model)
                )

    def redraw(self):
        trial = self.trial
        running = trial is not None and trial.state == "running"
        self.train.disabled = running
        self.stop.disabled = not running or trial.stopping
        self.progress.value = trial.progress if trial else 0.0
        self.message.value = self._status(trial)
        self.curve.value = self._chart(trial)

    def _status(self, trial):
        if trial is None:
            return html.message(
                "Choose T and alpha, then press Train; you can move the sliders meanwhile."
            )
        epochs = trial.run.recipe.epochs
        if trial.state == "failed":
            return html.message(f"The training failed: {trial.error}.", wrong=True)
        done = f"{trial.title}: {trial.state}, {len(trial.curve)} of {epochs} epochs"
        if not trial.errors:
            return html.message(done)
        errors = f"{trial.errors['test']:,} errors on {len(self.selection.test):,} test images"
        return html.message(f"{done}, {trial.seconds:.0f} s: {errors}")

    def _chart(self, trial):
        curves, epochs = [], self.epochs.value
        baselines = [group for group in self.recorded if not group.teacher]
        if baselines:
            mean = 100 * (1 - baselines[0].curves("val_accuracy").mean(0))
            curves.append(_curve("baseline, recorded", "baseline", mean, dashed=True))
            epochs = max(epochs, len(mean))
        if trial:
            epochs = max(epochs, trial.run.recipe.epochs)
            role = "distilled" if trial.run.teacher else "baseline"
            curves.append(_curve("yours", role, trial.curve, dots=True))
        x_axis = chart.linear_axis("epoch", epochs, integer=True)
        high = max((max(curve.y) for curve in curves if len(curve.y)), default=10)
        return chart.svg(curves, x_axis, chart.linear_axis("validation error, %", high))

    def _show_records(self):
        """Read and display the recorded runs of the chosen student and teacher."""
        spec = self.specs[self.student.value]
        self.recorded = available.sweep(self.study, spec, self.selection.logits)
        self.redraw()
        self._show_table()

    def _show_table(self):
        trials = [trial for trial in reversed(self.trials) if trial.errors]  # latest first
        self.table.value = trials_table(trials, self.student.value, self.recorded)


def _integer_field(name, value, least, most):
    layout = flexible("150px", "180px")
    return widgets.BoundedIntText(value=value, min=least, max=most, description=name, layout=layout)


def _curve(label, role, values, **options):
    epochs = np.arange(1, len(values) + 1)
    return chart.Curve(label, COLORS[role], epochs, np.asarray(values, float), **options)
