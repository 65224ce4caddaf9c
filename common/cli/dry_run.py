"""Dry run of a study: which runs and logits are missing, without training anything.

Missing runs are replaced by dummy records, so that dependent runs (the control at the best
temperature, a teacher's students) are counted as well. The best temperature of the real runs may
be another one.
"""

import dataclasses
from pathlib import Path

import numpy as np

from common import data, metrics, teachers
from common.data import views
from common.experiments.logits_store import LogitsStore
from common.runs import Run
from common.runs.model_io import build_model
from common.training import resumption, run_checks, trainer

_UNTRAINED = 12 * "0"  # in place of the hash of weights that are still to be trained
_CURVES = ("loss", "accuracy", "val_loss", "val_accuracy")


@dataclasses.dataclass(frozen=True)
class Training:
    """Runs that train side by side, their data, and the epochs in their checkpoint."""

    members: list[Run]
    dataset: data.Dataset
    trained_epochs: int = 0


class DryRun:
    """List of what a study would train and compute.

    Attributes:
        finished: set of names of the runs that have a record.
        trainings: list of Training.
        pending_logits: {key: (data.Dataset, teacher's Run, ViewSet)} of logits to compute.
    """

    def __init__(self):
        self.finished, self.trainings, self.pending_logits = set(), [], {}

    def study(self, study):
        """A copy of `study` that trains nothing and adds its runs and logits to this list."""
        return study.replaced(run=self.run, _make_store=self.store)

    def store(self, folders, dataset):
        """Logits store of a study; it adds the logits to be computed to this list."""
        return DryStore(self, folders, dataset)

    def run(self, runs, dataset, *, output_dir, read_dirs, teachers, **_):
        """Records of `runs`, dummies for missing ones; arguments as in `training.run`."""
        teachers_by_id = {logits.identity: logits for logits in teachers}
        self.check(runs, dataset, teachers_by_id)
        done = trainer.finished(runs, [output_dir, *read_dirs], self._note_finished)
        noted = {run.name for training in self.trainings for run in training.members}
        missing = [run for run in runs if run.name not in done and run.name not in noted]
        self.check_missing(missing)
        new = {run.name: run for run in runs if run.name not in noted}
        for members in trainer.group_runs(new.values()):
            self._note_trainings(members, done, dataset, Path(output_dir))
        self.note_logits(missing, teachers_by_id)
        return [done.get(run.name) or _dummy_record(run, dataset) for run in runs]

    def check(self, runs, dataset, teachers_by_id):
        """Raise ValueError, as `training.run` does, for runs that cannot be trained."""
        run_checks.check(runs, dataset, teachers_by_id)

    def check_missing(self, runs):
        """Raise ValueError, as `training.run` does, for missing runs whose recipe cannot be met."""
        run_checks.check_schedules(runs)

    def missing(self):
        """(runs that can be trained now, runs whose teacher is to be trained first)."""
        runs = [run for training in self.trainings for run in training.members]
        waiting = [run for run in runs if run.teacher and run.teacher.endswith(_UNTRAINED)]
        return [run for run in runs if run not in waiting], waiting

    def note_logits(self, missing, teachers_by_id):
        """Note the logits of the teachers of the runs `missing` that are to be computed."""
        for logits in (teachers_by_id[run.teacher] for run in missing if run.teacher):
            logits.load()  # takes a note, if they are to be computed

    def _note_trainings(self, members, done, dataset, folder):
        for part in resumption.split(members, done, folder):
            missing = [run for run in part if run.name not in done]
            epochs = resumption.trained_epochs(part, folder)
            self.trainings.append(Training(missing, dataset, epochs))

    def _note_finished(self, folder, names):
        self.finished |= names


class DryStore(LogitsStore):
    """A logits store that only lists which logits are to be computed."""

    def __init__(self, notes, folders, dataset):
        super().__init__(folders, dataset)
        self.notes = notes

    def identity(self, run, view_set="plain"):
        """As `LogitsStore.identity`; of an untrained teacher, one that no file has."""
        if self.is_finished(run):
            return super().identity(run, view_set)
        return teachers.identity(run.name, _UNTRAINED)

    def make(self, identity, run, view_set="plain"):
        """Zeros in place of the logits; ValueError if the real logits could not be computed."""
        self.check_feasible(run, view_set)
        if self.is_finished(run):
            self.require_weights(run)
        view_set = views.get(view_set)
        self.notes.pending_logits[run.name, view_set] = (self.dataset, run, view_set)
        return _ZeroLogits(identity, self.dataset.classes)

    def model(self, run):
        """A finished run's model, or an untrained one."""
        return super().model(run) if self.is_finished(run) else build_model(run, self.dataset)


def logits_of_file(path, dataset):
    """Zeros in place of the logits of a user's teacher, whose file is not read.

    Args:
        path: of a .keras, .onnx, .npz or .npy file.
        dataset: data.Dataset.
    """
    return _ZeroLogits(teachers.identity(Path(path).stem, _UNTRAINED), dataset.classes)


class _ZeroLogits:
    """Zeros in place of logits that are still to be computed."""

    def __init__(self, identity, classes):
        self.identity, self.classes = identity, classes

    def load(self):
        """These logits, as `LazyLogits.load` returns them."""
        return self

    def targets(self, split, images, view_set="plain"):
        count = views.get(view_set).seen_per_image
        zeros = np.broadcast_to(np.float16(0), (1, count, self.classes))
        return teachers.Targets(zeros, np.zeros(len(images), int))


def _dummy_record(run, dataset):
    """A record whose predictions are all class 0."""
    values = {"run": run.id, "seed": run.seed, "configuration": run.configuration}
    for split in ("validation", "test"):
        labels = getattr(dataset, split).labels
        measures = metrics.summary(np.zeros((len(labels), dataset.classes)), labels)
        values[split] = measures | {"agreement": 0.0}
    curve = dict.fromkeys(_CURVES, [0.0] * run.recipe.epochs)
    images = {split: len(getattr(dataset, split)) for split in teachers.SPLITS}
    return values | {"curve": curve, "images": images}
