"""Training job: runs that train together, compiled side by side, with their batches."""

from common.backend import batching
from common.data import augmentations
from common.runs.model_io import build_model
from common.side_by_side import Student
from common.training import acceleration, batches, optimizers


class TrainingJob:
    """Runs of one recipe and transfer set: one model for `fit`, and its batches.

    Of one seed, or of several where `acceleration.can_stack_seeds` lets them train as one stack,
    each seed on batches of its own.

    Args:
        members: list of Run.
        dataset: data.Dataset.
        teachers: {identity: Logits} of every teacher that the members name; OnlineTeacher where
            the recipe augments without a finite set of views.
        model_class: that trains them; by default the fastest here.

    Raises:
        ValueError: teacher logits that do not fit the data, their views or classes; several
            seeds of networks that cannot be stacked.
    """

    def __init__(self, members, dataset, teachers, model_class=None):
        self.members, self.teachers = members, teachers
        self.full_dataset, self.dataset = dataset, members[0].transfer_set.restrict(dataset)
        self.recipe, self.seeds = members[0].recipe, sorted({run.seed for run in members})
        augmentation = augmentations.get(self.recipe.augmentation)
        self.online = augmentation is not None  # then the teacher is evaluated in the step
        targets = {} if self.online else self._targets("train", self.recipe.view_set)
        self.batches = batches.Batches(self.dataset.train, targets, self.recipe, *self.seeds)
        students = {run.name: self._student(run) for run in members}
        self.model = self._build(model_class or acceleration.model_class(students), students)
        self.kind = type(self.model).__name__
        self.model.compile(optimizers.optimizer(self.recipe, len(self.batches)))
        self.model.optimizer.build(self.model.trainable_variables)

    def _build(self, model_class, students):
        options = {"weight_decay": self.recipe.weight_decay}
        if self.online:
            options["augment"] = augmentations.get(self.recipe.augmentation).apply
        if len(self.seeds) > 1:
            if not getattr(model_class, "takes_parts", False):
                raise ValueError(f"seeds {self.seeds} together need nets that can be stacked")
            options["parts"] = {run.name: self.seeds.index(run.seed) for run in self.members}
        return model_class(students, self._online_teachers(), **options)

    def _student(self, run):
        settings = run.settings
        return Student(
            build_model(run, self.dataset),
            settings.temperature,
            settings.alpha,
            self._source(run),
            shuffled=self.online and settings.shuffled,
            method=settings.method,
        )

    def _source(self, run):
        """The name of a run's teacher among the targets."""
        in_file = run.settings.shuffled and not self.online
        return f"{run.teacher}{f' shuffled {run.seed}' * in_file}"

    def _online_teachers(self):
        """{identity: model} of the teachers that are evaluated in the step; None where none is."""
        if not self.online:
            return None
        return {
            run.teacher: self.teachers[run.teacher].model for run in self.members if run.teacher
        }

    def _targets(self, split, view_set="plain"):
        """{source: teachers.Targets} of all members that have a teacher."""
        distilled = {self._source(run): run for run in self.members if run.teacher}
        return {source: self._targets_of(run, split, view_set) for source, run in distilled.items()}

    def _targets_of(self, run, split, view_set):
        logits = self.teachers[run.teacher]
        targets = logits.targets(split, getattr(self.dataset, split).images, view_set)
        if targets.classes != self.dataset.classes:
            raise ValueError(
                f"{logits.identity} tells {targets.classes} classes apart, "
                f"{self.dataset.name} has {self.dataset.classes}"
            )
        return targets.shuffled(run.seed) if run.settings.shuffled and not self.online else targets

    def fit_inputs(self):
        """(model, data) for `fit`, the data on the device where they fit."""
        model, data = acceleration.place_on_device(self.model, self.batches)
        return model, batching.to_tf_dataset(data)

    def validation_data(self):
        """The validation split with every member's targets, as `fit` takes it."""
        targets = self._targets("validation")
        return batching.to_tf_dataset(batches.validation_batches(self.dataset.validation, targets))
