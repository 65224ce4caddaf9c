"""One data set's teachers and students by name, and where their runs are kept.

Notebooks, command line and tests all train through a `Study`.
"""

import copy
import dataclasses
from pathlib import Path

from common import teachers, training
from common.experiments import logits_store
from common.runs import Run, records
from common.teachers.online import OnlineTeacher
from common.utils.checks import require_choice, require_distinct_folder, require_positive


class Study:
    """Teachers and students of one data set, read where committed runs answer, else trained.

    Args:
        recipes: a data set's recipes module: TEACHERS and STUDENTS ({name: ModelSpec}), FOLDER.
        dataset: data.Dataset.
        output_dir: where training writes; default the data set's own folder, committed.
        retrain: leave the committed runs aside.
        epochs: overrides the recipes', for a quick look.
        callbacks: any Keras callbacks, for each of its trainings.

    Raises:
        ValueError: epochs not a whole number above 0; retrain into the committed runs' folder.
    """

    def __init__(
        self, recipes, dataset, *, output_dir=None, retrain=False, epochs=None, callbacks=()
    ):
        if epochs is not None:
            require_positive("epochs", epochs, integer=True)
        self.recipes, self.dataset, self.epochs = recipes, dataset, epochs
        self.callbacks = list(callbacks)
        self.published = Path(recipes.FOLDER)
        self.output_dir = Path(output_dir).expanduser() if output_dir else self.published
        if retrain:
            require_distinct_folder(self.output_dir, self.published)
        self.also_read = () if retrain else (self.published,)
        self.read = {}  # {folder: names of the finished runs found there}, not yet told

    def with_recipes(self, recipes, dataset):
        """The same study, its folders and settings, of other nets and data."""
        other = copy.copy(self)
        other.recipes, other.dataset = recipes, dataset
        return other

    def teacher(self, name, seed=0):
        """The `Run` of a teacher; ValueError, near names listed, if it is unknown."""
        require_choice("teacher", name, self.recipes.TEACHERS)
        return self._run(self.recipes.TEACHERS[name], seed)

    def student(self, name, seed=0, *, logits=None, temperature=1, alpha=0, **choices):
        """The `Run` of a student, taught by `logits` or, without, by the labels alone.

        `choices` are fields of `Run`, such as shuffled or, instead of the recipe's, transfer_set.
        """
        require_choice("student", name, self.recipes.STUDENTS)
        taught = {}
        if logits is not None:
            taught = {"teacher": logits.identity, "temperature": temperature, "alpha": alpha}
        return self._run(self.recipes.STUDENTS[name], seed, **taught, **choices)

    def train(self, runs, *, logits=(), callbacks=()):
        """Records of `runs`: read where finished, else trained side by side.

        Args:
            runs: list of Run.
            logits, callbacks: as `teachers` and `callbacks` of `training.run`.

        Raises:
            ValueError, InsufficientSpaceError, FloatingPointError: as `training.run`.
        """
        return training.run(
            runs,
            self.dataset,
            output_dir=self.output_dir,
            read_dirs=self.also_read,
            teachers=logits,
            callbacks=[*self.callbacks, *callbacks],
            on_cached=lambda where, names: self.read.setdefault(where, set()).update(names),
        )

    def report_cached(self):
        """Print in one line which finished runs were read since the last call."""
        told = [f"{len(names)} finished runs from {where}" for where, names in self.read.items()]
        if told:
            print(f"read {', '.join(told)}")
        self.read.clear()

    def published_logits(self, name, seed=0, view_set="plain", sampled=0):
        """A teacher's committed `Logits`.

        Raises:
            FileNotFoundError: there are none.
            ValueError: as `kept_logits`.
        """
        return logits_store.checked(
            self.published, self.teacher(name, seed), self.dataset, view_set, sampled
        )

    def logits(self, name, seed=0, view_set="plain", sampled=0):
        """A teacher's `Logits`: read where they are kept, else made, training it if need be.

        Args:
            name: a name in the recipes' TEACHERS.
            seed: of the teacher's run.
            view_set, sampled: as in `teachers.make`.

        Raises:
            ValueError: an unknown teacher; as `kept_logits` and `teachers.make`.
            InsufficientSpaceError: a disk with too little room for the logits; as `train`.
            FloatingPointError: as `train`.
        """
        found = self.lazy_logits(name, seed, view_set, sampled)
        return found.load() if isinstance(found, teachers.LazyLogits) else found

    def lazy_logits(self, name, seed=0, view_set="plain", sampled=0):
        """As `logits`, but where they are not kept made only once one is looked up.

        The teacher is trained here and now if need be.
        """
        run = self.teacher(name, seed)
        if found := self.find_logits(run, view_set, sampled):
            return found
        if not self._finished(run):
            self.check_logits(run, view_set, sampled)
        self.train([run])
        identity = self._identity(run, view_set, sampled)
        return teachers.LazyLogits(
            identity, self.dataset.name, lambda: self._made(identity, run, view_set, sampled)
        )

    def _identity(self, run, *seen):
        return logits_store.identity(self.folders, run, self.dataset, *seen)

    def _made(self, identity, run, *seen):
        if found := self.find_logits(run, *seen):  # since they were promised
            return found
        model = self.model(run)
        if teachers.identity(run.name, teachers.weights_hash(model)) != identity:
            raise ValueError(
                f"students on record were taught by the exact weights of {run.name}, of which only "
                "float16 is kept: train it again with --retrain --output-dir DIR"
            )
        folder = teachers.folder(self.output_dir, run, *seen)
        return teachers.make(folder, model, self.dataset, run.name, *seen)

    def check_logits(self, run, view_set="plain", sampled=0):
        """Raise ValueError, as `teachers.check`, unless a teacher's logits can be made.

        For before it is trained, which may take hours.
        """
        folder = teachers.folder(self.output_dir, run, view_set, sampled)
        teachers.check_feasible(folder, self.dataset, self.dataset.classes, view_set, sampled)

    def find_logits(self, run, view_set="plain", sampled=0):
        """The `Logits` that a teacher's run has given before; None if there are none.

        Raises:
            ValueError: as `logits_store.logits`.
        """
        return logits_store.logits(self.folders, run, self.dataset, view_set, sampled)

    def logits_for(self, student, teacher, seed=0):
        """A teacher's `Logits` in the views that a student's recipe shows, as `promised`.

        An `OnlineTeacher` where the recipe augments without a finite set of views.
        """
        require_choice("student", student, self.recipes.STUDENTS)
        recipe = self.recipes.STUDENTS[student].recipe
        if recipe.augmentation != "none":
            run = self.teacher(teacher, seed)
            self.train([run])
            return OnlineTeacher(self.model(run), run.name)
        return self.lazy_logits(teacher, seed, recipe.views, recipe.sampled_views)

    def model(self, run):
        """A finished run's model with its trained weights."""
        return logits_store.model(self.folders, run, self.dataset)

    @property
    def folders(self):
        """Where finished runs are looked for, in this order."""
        return [self.output_dir, *self.also_read]

    def _finished(self, run):
        return any(records.read(folder, run) for folder in self.folders)

    def _run(self, net, seed, transfer_set=None, **taught):
        recipe = net.recipe
        if self.epochs is not None:
            recipe = dataclasses.replace(recipe, epochs=self.epochs)
        return Run(
            self.dataset.name,
            net.model,
            recipe,
            seed,
            options=net.options,
            limit=self.dataset.limit,
            transfer_set=transfer_set or net.transfer_set,
            **taught,
        )
