"""Study: teachers and students of one data set by name, and the folders of their runs.

Notebooks, command line and tests all use a `Study` for training.
"""

import copy
import dataclasses
from pathlib import Path

from common import training
from common.distillation import TEACHERLESS
from common.experiments.logits_store import LogitsStore
from common.models import architecture
from common.runs import Run
from common.teachers.online import OnlineTeacher
from common.utils.checks import (
    local_folder,
    require_choice,
    require_distinct_folder,
    require_positive,
)

STUDENTS = "students"  # `retrain` of a Study that trains only students again


class Study:
    """Teachers and students of one data set; committed runs are read, missing ones trained.

    Args:
        spec: StudySpec.
        dataset: data.Dataset.
        seeds: list of int, the seeds of each student; default the spec's.
        output_dir: folder that training writes to; default the spec's folder, which is committed.
        retrain: whether to train committed runs again instead of reading them; "students" trains
            students again and reads teachers and their logits.
        epochs: overrides the recipes' epochs of teachers and students, for a quick run.
        student_epochs: overrides the epochs of students only, so that committed teachers are used.
        callbacks: Keras callbacks for each training.
        executor: as in `training.run`.
        run: function that trains runs, with the arguments of `training.run`; a dry run passes
            another one.
        store: function (folders, dataset) -> LogitsStore.

    Attributes:
        committed_dir: the spec's folder.
        read_dirs: folders besides output_dir whose finished runs are read; if students are
            retrained, those of teachers only.

    Raises:
        ValueError: epochs are not whole numbers above 0; retrain is unknown, or would write to
            the committed folder.
    """

    def __init__(
        self,
        spec,
        dataset,
        *,
        seeds=None,
        output_dir=None,
        retrain=False,
        epochs=None,
        student_epochs=None,
        callbacks=(),
        executor=None,
        run=training.run,
        store=LogitsStore,
    ):
        for name, number in (("epochs", epochs), ("student_epochs", student_epochs)):
            if number is not None:
                require_positive(name, number, integer=True)
        self.spec, self.dataset, self.epochs = spec, dataset, epochs
        self.student_epochs = epochs if student_epochs is None else student_epochs
        self.seeds = list(spec.seeds if seeds is None else seeds)
        self.callbacks, self.run, self.retrain = list(callbacks), run, retrain
        self.committed_dir = Path(spec.folder)
        self.output_dir = self.committed_dir
        if output_dir:
            self.output_dir = local_folder("the output folder", output_dir)
        require_choice("retrain", retrain, (False, True, STUDENTS))
        if retrain:
            require_distinct_folder(self.output_dir, self.committed_dir)
        self.read_dirs = () if retrain is True else (self.committed_dir,)
        self.executor = executor
        self._architectures = {}  # {(id of a ModelSpec, *shape): (spec, its hash)}
        self._unreported = {}  # {folder: names of the finished runs read from it}
        self._make_store = store

    @property
    def store(self):
        """`LogitsStore` of the study's folders and data."""
        return self._make_store([self.output_dir, *self.read_dirs], self.dataset)

    def replaced(self, **attributes):
        """A copy with other attributes, such as spec or dataset; it shares everything else."""
        other = copy.copy(self)
        vars(other).update(attributes)
        return other

    def with_new_seed(self, train):
        """A copy of the study with one new seed, which a notebook trains live.

        Args:
            train: "one seed"; "nothing" for no copy.

        Returns:
            Study whose only seed follows those of this one; None for "nothing".

        Raises:
            ValueError: `train` has another value.
        """
        require_choice("train", train, ("nothing", "one seed"))
        return self.replaced(seeds=[max(self.seeds) + 1]) if train == "one seed" else None

    def teacher(self, name, seed=0):
        """`Run` of a teacher; ValueError, with similar names, if the name is unknown."""
        require_choice("teacher", name, self.spec.teachers)
        return self._run(self.spec.teachers[name], seed, self.epochs)

    def student(self, name, seed=0, *, logits=None, distillation=None, transfer_set=None):
        """`Run` of a student: distilled from a teacher, or a baseline.

        Args:
            name: a name in the spec's students.
            seed: of the run.
            logits: the teacher's Logits, or anything with their identity; None for a baseline or
                a method without a teacher.
            distillation: Distillation; ignored for a baseline.
            transfer_set: overrides the student's.

        Raises:
            ValueError: the name is unknown.
        """
        require_choice("student", name, self.spec.students)
        settings = {}
        if logits is not None:
            settings = {"teacher": logits.identity, "distillation": distillation}
        elif distillation and distillation.method in TEACHERLESS:
            settings = {"distillation": distillation}
        elif distillation:
            settings = {"distillation": distillation.baseline}
        net = self.spec.students[name]
        return self._run(net, seed, self.student_epochs, transfer_set, **settings)

    def train(self, runs, *, logits=(), callbacks=()):
        """Records of `runs`: read if finished, else trained side by side.

        Args:
            runs: list of Run.
            logits: list of the teachers' Logits, `teachers` of `training.run`.
            callbacks: Keras callbacks, besides the study's.

        Raises:
            ValueError, InsufficientSpaceError, FloatingPointError: as `training.run`.
        """
        return self.run(
            runs,
            self.dataset,
            output_dir=self.output_dir,
            read_dirs=self._read_dirs(runs),
            teachers=logits,
            callbacks=[*self.callbacks, *callbacks],
            on_cached=self._note_cached,
            executor=self.executor,
        )

    def report_cached(self):
        """Print in one line how many finished runs were read since the last call."""
        counts = [
            f"{len(names)} finished runs from {folder}"
            for folder, names in self._unreported.items()
        ]
        if counts:
            print(f"read {', '.join(counts)}")
        self._unreported.clear()

    def committed_logits(self, name, seed=0, view_set="plain"):
        """A teacher's committed `Logits`.

        Raises:
            FileNotFoundError: there are none.
            ValueError: as `LogitsStore.read`.
        """
        return self.store.read(self.committed_dir, self.teacher(name, seed), view_set)

    def logits(self, name, seed=0, view_set="plain"):
        """A teacher's `Logits`: read or else computed; the teacher is trained if needed.

        Args:
            name: a name in the spec's teachers.
            seed: of the teacher's run.
            view_set: as in `teachers.make`.

        Raises:
            ValueError: an unknown teacher; as `LogitsStore.find` and `teachers.make`.
            InsufficientSpaceError: too little disk for the logits; as `train`.
            FloatingPointError: as `train`.
        """
        return self.lazy_logits(name, seed, view_set).load()

    def lazy_logits(self, name, seed=0, view_set="plain"):
        """As `logits`, but computed when targets are first looked up.

        If needed, the teacher is trained by this call.
        """
        run = self.teacher(name, seed)
        if logits := self.store.find(run, view_set):
            return logits
        if not self.store.is_finished(run):
            self.store.check_feasible(run, view_set)
        self.train([run])
        return self.store.lazy(run, view_set)

    def logits_for(self, student, teacher, seed=0):
        """A teacher's lazy `Logits` in the views of a student's recipe.

        An `OnlineTeacher` if the recipe augments without a finite set of views.

        Args:
            student: a name in the spec.
            teacher: a name in the spec; or Logits, which are returned.
            seed: of the teacher's run.
        """
        if not isinstance(teacher, str):
            return teacher
        require_choice("student", student, self.spec.students)
        recipe = self.spec.students[student].recipe
        if recipe.augmentation == "none":
            return self.lazy_logits(teacher, seed, recipe.view_set)
        run = self.teacher(teacher, seed)
        self.train([run])
        return OnlineTeacher(self.model(run), run.name)

    def model(self, run):
        """A finished run's model with its trained weights."""
        return self.store.model(run)

    def _read_dirs(self, runs):
        """`read_dirs`; none for students that are to be trained again."""
        if self.retrain != STUDENTS:
            return self.read_dirs
        teachers = {
            self.teacher(name, seed).name
            for name in self.spec.teachers
            for seed in {run.seed for run in runs}
        }
        return self.read_dirs if all(run.name in teachers for run in runs) else ()

    def _note_cached(self, folder, names):
        self._unreported.setdefault(folder, set()).update(names)

    def _run(self, spec, seed, epochs, transfer_set=None, **settings):
        recipe = spec.recipe
        if epochs is not None:
            recipe = dataclasses.replace(recipe, epochs=epochs)
        if spec.build:
            settings |= {"build": spec.build, "architecture": self._architecture(spec)}
        return Run(
            model=spec.model,
            recipe=recipe,
            seed=seed,
            options=spec.options,
            transfer_set=transfer_set or spec.transfer_set,
            **self.dataset.identity,
            **settings,
        )

    def _architecture(self, spec):
        data = self.dataset
        shape = (tuple(data.image_shape), data.classes, data.pixel_statistics)
        key = (id(spec), *shape)
        if key not in self._architectures:
            digest = architecture.digest(spec.build, *shape, spec.options)
            self._architectures[key] = (spec, digest)  # with the spec: Python reuses freed ids
        return self._architectures[key][1]
