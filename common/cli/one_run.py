"""Training of one run by its name, for schedulers of any kind."""

from common import training
from common.cli.dry_run import DryRun, DryStore
from common.experiments.logits_store import LogitsStore


def train_one(study, name):
    """Record of the run `name` of the study's steps, trained if it is missing.

    Args:
        study: Study.
        name: `Run.name`, as `reproduce --list` prints it.

    Raises:
        ValueError: no step has such a run, or its teacher is not trained yet.
    """
    only = _OneRun(name)
    for step in study.spec.steps.values():
        if only.record is None:
            step(only.study(study))
    if only.record is None:
        raise ValueError(
            f"no run {name!r} with these options can be trained now: `reproduce --list` prints "
            "those that can"
        )
    return only.record


class _OneRun(DryRun):
    """A dry run that trains a single run."""

    def __init__(self, name):
        super().__init__()
        self.name, self.record = name, None

    def run(self, runs, dataset, *, teachers, **options):
        """As in `DryRun`."""
        for run in runs:
            if run.name == self.name and self.record is None:
                needed = [logits for logits in teachers if logits.identity == run.teacher]
                (self.record,) = training.run([run], dataset, teachers=needed, **options)
        return super().run(runs, dataset, teachers=teachers, **options)

    def check(self, runs, dataset, teachers_by_id):
        """Do nothing: `training.run` checks the one run; others need not be possible."""

    def check_missing(self, runs):
        """Do nothing, as `check`."""

    def note_logits(self, missing, teachers_by_id):
        """Do nothing: the logits of other runs are not needed."""

    def store(self, folders, dataset):
        """Logits store that computes logits of finished teachers."""
        return _Store(self, folders, dataset)


class _Store(DryStore):
    def make(self, identity, run, view_set="plain"):
        if self.is_finished(run):
            return LogitsStore.make(self, identity, run, view_set)
        return super().make(identity, run, view_set)
