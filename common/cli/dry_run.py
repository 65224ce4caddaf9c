"""What a reproduction will do, before it does it: a study that trains nothing and takes notes.

Experiments run on a `DryRun` as on a `Study`. Where a run has no record yet, one of a net
that knows nothing stands in, so that what follows from it (the control at the best
temperature, a teacher's students) is counted too, though it is not yet known which it will be.
"""

import numpy as np

from common import metrics, teachers
from common.data import views
from common.experiments import logits_store
from common.experiments.study import Study
from common.runs.model_io import build_model
from common.training import trainer


class DryRun(Study):
    """A `Study` of the same nets, data and folders as `study`, that notes what is to be trained.

    `finished` holds the names of the runs that were found; `trainings` for each training its
    runs, all side by side, and its data set; `asked` the arguments of `durations.of_logits` of
    each teacher that has still to answer for them. Studies beside it (`Study.beside`) share all.
    """

    def __init__(self, study):
        super().__init__(
            study.recipes,
            study.dataset,
            output_dir=study.output_dir,
            retrain=not study.also_read,
            epochs=study.epochs,
        )
        self.finished, self.trainings, self.asked = set(), [], {}

    def train(self, runs, *, logits=(), callbacks=()):
        """Records of `runs`, stand-ins for those that have none."""
        given = {each.identity: each for each in logits}
        trainer.check(runs, self.dataset, given)
        found = trainer.finished(runs, self.folders, self._note_finished)
        noted = {run.name for members, _ in self.trainings for run in members}
        missing = [run for run in runs if run.name not in found and run.name not in noted]
        for members in trainer.group_runs({run.name: run for run in missing}.values()):
            self.trainings.append((members, self.dataset))
        for asked in (given[run.teacher] for run in missing if run.teacher):
            if isinstance(asked, teachers.LazyLogits):
                _ = asked.load()  # notes it
        return [found.get(run.name) or self._stand_in(run) for run in runs]

    def model(self, run):
        """A finished run's model, or an untrained one."""
        if run.name in self.finished:
            return super().model(run)
        return build_model(run, self.dataset)

    def _note_finished(self, where, names):
        self.finished |= names

    def _identity(self, run, *seen):
        if self._finished(run):
            return super()._identity(run, *seen)
        return teachers.identity(run.name, 12 * "0")

    def _made(self, identity, run, *seen):
        """Logits of 0 of a teacher that has to answer; ValueError, as then, if it cannot."""
        self.check_logits(run, *seen)
        if self._finished(run):
            logits_store.require_weights(self.folders, run)
        self.asked[run.name, seen] = (self.dataset, run, *seen)
        return _NoLogits(identity, self.dataset.classes)

    def _stand_in(self, run):
        values = {"run": run.id, "seed": run.seed, "configuration": run.configuration}
        for split in ("validation", "test"):
            labels = getattr(self.dataset, split).labels
            nothing = metrics.summary(np.zeros((len(labels), self.dataset.classes)), labels)
            values[split] = nothing | {"agreement": 0.0}
        curve = dict.fromkeys(_CURVES, [0.0] * run.recipe.epochs)
        images = {split: len(getattr(self.dataset, split)) for split in teachers.SPLITS}
        return values | {"curve": curve, "images": images}


_CURVES = ("loss", "accuracy", "val_loss", "val_accuracy")


class _NoLogits:
    """Stands for the logits that a teacher is still to give."""

    def __init__(self, identity, classes):
        self.identity, self.classes = identity, classes

    def targets(self, split, images, view_set="plain", sampled=0):
        count = sampled or views.get(view_set).count
        nothing = np.broadcast_to(np.float16(0), (1, count, self.classes))
        return teachers.Targets(nothing, np.zeros(len(images), int))
