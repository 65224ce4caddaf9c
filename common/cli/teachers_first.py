"""First level of a study's runs: all missing teachers train at once, by its executor.

Otherwise each step of a study would train its teacher alone, while the other workers wait.
"""

from common import training
from common.cli.dry_run import DryRun


def train_teachers(study, train):
    """Train the missing teachers of missing students, if the study has an executor.

    The steps then find them: each computes its teacher's logits, and trains its students.

    Args:
        study: Study.
        train: function of a Study that trains in it.

    Raises:
        ValueError, InsufficientSpaceError, FloatingPointError: as `training.run`.
    """
    if study.executor is None:
        return
    notes = _Calls()
    train(notes.study(study))
    waited_for = {run.teacher.rpartition("@")[0] for run in notes.missing()[1]}
    for (folder, _), calls in notes.calls.items():
        runs = {run.name: run for runs, *_ in calls for run in runs if run.name in waited_for}
        if not runs:
            continue
        _, dataset, options = calls[0]
        options |= {"output_dir": folder, "on_cached": lambda *_: None}
        training.run([*runs.values()], dataset, **options)


class _Calls(DryRun):
    """A dry run that also lists the calls of `training.run`.

    Attributes:
        calls: {(output folder, data set's identity): list of (runs, dataset, other arguments)}.
    """

    def __init__(self):
        super().__init__()
        self.calls = {}

    def run(self, runs, dataset, *, output_dir, **options):
        """As in `DryRun`."""
        key = (output_dir, tuple(dataset.identity.values()))
        self.calls.setdefault(key, []).append((runs, dataset, options))
        return super().run(runs, dataset, output_dir=output_dir, **options)
