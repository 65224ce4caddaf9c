"""Trainings in the kernel, and the recorded runs beside them, as static/kernel_section.js reads."""

import dataclasses

from common import results
from common.distillation import Distillation
from common.explorer import available
from common.explorer.live_run import LiveRun
from common.runs import Run, teacher_model

HEAD = ("student", "T", "α", "test errors", "validation errors", "teacher", "epochs", "seeds")
SPLITS = ("test", "validation")


class LiveTraining:
    """Trainings of one explorer, one at a time.

    Args:
        study: Study.
        logits: teachers.Logits of the teacher.
        changed: called without arguments, also in the training thread, after each change.
        trained: called with an `available.NamedModel` after a training with test errors.
    """

    def __init__(self, study, logits, changed, trained):
        self.study, self.logits = study, logits
        self.changed, self.trained = changed, trained
        self.specs, self.trials = available.students(study), []

    @property
    def trial(self):
        """The latest `LiveRun`; None before the first."""
        return self.trials[-1] if self.trials else None

    def start(self, student, temperature, alpha, epochs, seed):
        """Train a student of `available.students`, unless a training is running."""
        if self.trial and self.trial.state == "running":
            return
        run = self._run(self.specs[student], temperature, alpha, epochs, seed)
        title = f"{student}, trial {len(self.trials) + 1}"
        logits = self.logits if run.teacher else None
        trial = LiveRun(run, self.study.dataset, logits, title, self._notified)
        self.trials.append(trial)
        trial.start()
        self.changed()

    def _run(self, spec, temperature, alpha, epochs, seed):
        teacher = {}
        if alpha:
            distillation = Distillation(float(temperature), float(alpha))
            teacher = {"teacher": self.logits.identity, "distillation": distillation}
        return Run(
            model=spec.model,
            recipe=dataclasses.replace(spec.recipe, epochs=epochs),
            seed=seed,
            options=spec.options,
            **self.study.dataset.identity,
            **teacher,
        )

    def stop(self):
        """End the running training at its next batch."""
        if self.trial:
            self.trial.stop()
            self.changed()

    def _notified(self):
        """In the training thread."""
        trial = self.trial
        if trial.state in ("finished", "stopped") and trial.errors:
            self.trained(available.NamedModel(trial.title, _role(trial.run), trial.model))
        self.changed()

    def recorded(self, groups):
        """Students, their recorded runs and baseline's mean validation errors (%) by epoch.

        Args:
            groups: as in `available.recorded`.
        """
        recipe = next(iter(self.specs.values())).recipe
        students = {}
        for name, spec in self.specs.items():
            sweep = available.sweep(groups, spec, self.logits)
            curves = [group.curves("val_accuracy").mean(0) for group in sweep if not group.teacher]
            students[name] = {
                "rows": [_group_row(name, group) for group in sweep],
                "baseline": (100 * (1 - curves[0])).tolist() if curves else [],
            }
        epochs = self.study.student_epochs or recipe.epochs
        return {"head": list(HEAD), "epochs": epochs, "students": students}

    def snapshot(self):
        """State of the latest training, and a row for each that has ended, the latest first."""
        trial = self.trial
        if trial is None:
            return {}
        return {
            "state": trial.state,
            "stopping": trial.stopping,
            "progress": trial.progress,
            "status": _status(trial),
            "role": _role(trial.run),
            "curve": [float(error) for error in trial.curve],
            "epochs": trial.run.recipe.epochs,
            "rows": [_trial_row(one) for one in reversed(self.trials) if one.errors],
        }


def _role(run):
    return "distilled" if run.teacher else "baseline"


def _status(trial):
    """A sentence on a training."""
    if trial.state == "failed":
        return f"The training failed: {trial.error}."
    done = f"{trial.title}: {trial.state}, {len(trial.curve)} of {trial.run.recipe.epochs} epochs"
    if not trial.errors:
        return done
    images = len(trial.dataset.test)
    errors = f"{trial.errors['test']:,} errors on {images:,} test images"
    return f"{done}, {trial.seconds:.0f} s: {errors}"


def _trial_row(trial):
    run, done = trial.run, len(trial.curve)
    epochs = f"{done} of {run.recipe.epochs}" if trial.state == "stopped" else f"{done}"
    errors = [f"{trial.errors[split]:,}" for split in SPLITS]
    return _row(trial.title, run.configuration, errors, epochs, f"seed {run.seed}")


def _group_row(student, group):
    config = group.configuration
    errors = [results.mean_sd(group.values("errors", split)) for split in SPLITS]
    seeds = f"{len(group.seeds)} seed{'s' * (len(group.seeds) > 1)}"
    return _row(f"{student}, recorded", config, errors, str(config["recipe"]["epochs"]), seeds)


def _row(name, configuration, errors, epochs, seeds):
    """List of texts in the order of `HEAD`; a baseline has no T and alpha."""
    if not configuration["teacher"]:
        return [name, "", "", *errors, "none: baseline", epochs, seeds]
    settings = [f"{configuration[key]:g}" for key in ("temperature", "alpha")]
    return [name, *settings, *errors, teacher_model(configuration["teacher"]), epochs, seeds]
