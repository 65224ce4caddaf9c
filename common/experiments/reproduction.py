"""Reproduction of a published table: its students trained again from the committed logits."""

import dataclasses
import itertools

from common import results, teachers
from common.experiments.protocols import student_runs
from common.results.reproduction import Reproduction
from common.runs import Run
from common.utils import files


@dataclasses.dataclass(frozen=True)
class PublishedTable:
    """A table of one student and its teachers beside published accuracies.

    Args:
        dataset: name of the data set of the committed runs.
        student: a student's name in the spec.
        teachers: names of teachers in the spec.
        accuracies: {"student", a teacher or "from <teacher>": published accuracy in %}.
    """

    dataset: str
    student: str
    teachers: tuple
    accuracies: dict


def reproduce_students(study, table):
    """Train a table's students again: baseline, distilled from each teacher, shuffled controls.

    Temperature and alpha are those of the committed runs, chosen on validation. The teachers'
    logits are the committed ones; images are found in them by their content.

    Args:
        study: Study, with `retrain="students"` to train students that have committed runs.
        table: PublishedTable.

    Returns:
        list of results.reproduction.Reproduction, one per row.

    Raises:
        FileNotFoundError: a teacher has no committed logits.
        ValueError: a teacher has no committed student; as in `Study.train`.
    """
    committed = _Committed(study, table)
    logits = {name: committed.logits(name) for name in table.teachers}
    runs = {("student", None): student_runs(study, table.student)}
    for name in table.teachers:
        chosen = committed.distillation(name)
        for control in (None, "shuffled"):
            settings = dataclasses.replace(chosen, control=control)
            runs[name, control] = student_runs(study, table.student, logits[name], settings)
    trained = study.train([*itertools.chain(*runs.values())], logits=[*logits.values()])
    study.report_cached()
    groups = {group.run.id: group for group in results.group_seeds(trained)}
    return [committed.teacher_row(name) for name in table.teachers] + [
        committed.student_row(*key, groups[members[0].id]) for key, members in runs.items()
    ]


class _Committed:
    """The committed runs and logits behind a table.

    Args:
        study: Study.
        table: PublishedTable.
    """

    def __init__(self, study, table):
        self.study, self.table, self.spec = study, table, study.spec
        full_size = {"dataset": table.dataset, "limit": None}
        self.groups = results.load_groups(study.committed_dir, **full_size)
        self.student = self.spec.students[table.student]

    def teacher(self, name):
        """`Run` of a committed teacher, for any data and epochs of the study."""
        spec = self.spec.teachers[name]
        options = {"options": spec.options, "transfer_set": spec.transfer_set}
        return Run(self.table.dataset, spec.model, spec.recipe, **options)

    def logits(self, name):
        """The teacher's logits, looked up by image in all splits."""
        run = self.teacher(name)
        folder = teachers.folder(self.study.committed_dir, run)
        try:
            logits = teachers.Logits(folder)
        except FileNotFoundError:
            package = self.study.committed_dir.name
            shown = files.display_path(folder)
            raise FileNotFoundError(
                f"the committed logits {shown}/header.json are missing: `git sparse-checkout add "
                f"{shown}` or `git checkout {shown}` brings them; a new teacher, other than the "
                f"committed one, is trained by `python -m {package} teacher {name} --retrain "
                f"--output-dir DIR`"
            ) from None
        return teachers.PooledLogits(logits, self.study.dataset.name)

    def distillation(self, name):
        """Temperature and alpha of the committed students of a teacher, chosen on validation.

        Those of the student's recipe; if it was changed, those of the same network and images.
        """
        teacher, spec = self.teacher(name), self.student
        of_teacher = [
            group
            for group in self.groups
            if group.teacher_run == (teacher.id, 0)
            and (group.run.model, group.run.options) == (spec.model, spec.options)
            and group.run.transfer_set == spec.transfer_set
        ]
        same = [group for group in of_teacher if group.run.recipe == spec.recipe]
        candidates = results.select(same or of_teacher, shuffled=False)
        if not candidates:
            raise ValueError(
                f"no committed run of {self.table.student} distilled from {name} tells the "
                f"temperature and alpha: `python -m {self.study.committed_dir.name} reproduce`"
            )
        return results.best_distilled(candidates).distillation

    def teacher_row(self, name):
        """Row of a teacher, which is not trained again."""
        group = self._group(self.teacher(name))
        label = f"teacher: {self.spec.teachers[name].title}"
        return Reproduction(label, self.table.accuracies.get(name), group, None)

    def student_row(self, teacher, control, group):
        """Row of a group of students that were trained again."""
        label, published = f"baseline: {self.student.title}", self.table.accuracies.get(teacher)
        if group.teacher:
            label = f"student distilled from {self.spec.teachers[teacher].title}"
            published = self.table.accuracies.get(f"from {teacher}")
        if control:
            label, published = f"{label}, {control} (control)", None
        committed = self._group(group.run)
        return Reproduction(label, published, committed, group, self._difference(group.run))

    def _group(self, run):
        return next((group for group in self.groups if group.run.id == run.id), None)

    def _difference(self, run):
        """What distinguishes a run from the committed ones, in a few words."""
        if run.dataset != self.table.dataset or run.limit:
            limit = f", {run.limit} images of a split" if run.limit else ""
            return f"trained on {run.dataset}{limit}, committed: {self.table.dataset}"
        alike = [
            group.run
            for group in self.groups
            if dataclasses.replace(group.run, recipe=run.recipe).configuration == run.configuration
        ]
        if not alike:
            return "no committed run of this recipe and data"
        ours, theirs = (each.recipe.configuration for each in (run, alike[0]))
        changed = [
            f"{key} {value}, committed {theirs.get(key)}"
            for key, value in ours.items()
            if theirs.get(key) != value
        ]
        return f"recipe changed: {'; '.join(changed)}"
