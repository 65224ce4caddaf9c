"""Training job: runs that train together, compiled side by side, with their batches."""

from common.backend import batching
from common.data import augmentations
from common.runs.model_io import build_model
from common.side_by_side import Student
from common.training import acceleration, batches, data_checks, optimizers


class TrainingJob:
    """Runs of one recipe and transfer set: one model for `fit`, and its batches.

    Their seed is the same, except where `acceleration.can_stack_seeds` lets several seeds train as
    one stack, each on its own batches.

    Args:
        members: list of Run.
        dataset: data.Dataset.
        teachers: {identity: Logits} of every teacher that the members name; OnlineTeacher if the
            recipe augments without a finite set of views.
        model_class: class that trains the students; by default the fastest here.

    Attributes:
        full_dataset, dataset: the data set, and its part in the members' transfer set.
        batches: Batches of the training images.
        model: compiled SideBySide, or a subclass.
        kind: name of the model's class.

    Raises:
        ValueError: teacher logits of other images, views or classes than the data; several
            seeds of networks that cannot be stacked.
    """

    def __init__(self, members, dataset, teachers, model_class=None):
        self.members, self.teachers = members, teachers
        self.full_dataset, self.dataset = dataset, members[0].transfer_set.restrict(dataset)
        self.recipe, self.seeds = members[0].recipe, sorted({run.seed for run in members})
        self.augmentation = augmentations.get(self.recipe.augmentation)
        self.online = self.augmentation is not None  # the teacher is evaluated in the step
        targets = {} if self.online else self._targets("train", self.recipe.view_set)
        self.batches = batches.Batches(self.dataset.train, targets, self.recipe, *self.seeds)
        students = {run.name: self._student(run) for run in members}
        self.model = self._build(model_class or acceleration.model_class(students), students)
        self.kind = type(self.model).__name__
        self.model.compile(optimizers.optimizer(self.recipe, len(self.batches)))
        self.model.optimizer.build(self.model.trainable_variables)

    def fit_inputs(self):
        """(model, data) for `fit`, the data in GPU memory if they fit."""
        model, data = acceleration.place_on_device(self.model, self.batches)
        return model, batching.to_tf_dataset(data)

    def validation_data(self):
        """The validation split with every member's targets, for `fit`."""
        targets = self._targets("validation")
        return batching.to_tf_dataset(batches.validation_batches(self.dataset.validation, targets))

    def _build(self, model_class, students):
        options = {"weight_decay": self.recipe.weight_decay}
        if self.online:
            options["augment"] = self.augmentation.apply
        if len(self.seeds) > 1:
            if not getattr(model_class, "takes_seed_slices", False):
                raise ValueError(f"seeds {self.seeds} together need networks that can be stacked")
            options["seed_slices"] = {run.name: self.seeds.index(run.seed) for run in self.members}
        return model_class(students, self._online_teachers(), **options)

    def _student(self, run):
        settings = run.settings
        return Student(
            build_model(run, self.dataset),
            settings.temperature,
            settings.alpha,
            self._target_name(run),
            shuffled=self.online and settings.shuffled,
            method=settings.method,
        )

    def _target_name(self, run):
        """Name of a run's teacher logits among the targets: shuffled ones are separate."""
        separate = run.settings.shuffled and not self.online
        return f"{run.teacher}{f' shuffled {run.seed}' * separate}"

    def _online_teachers(self):
        """{identity: model} of the teachers that are evaluated in the step; None if none is."""
        if not self.online:
            return None
        return {
            run.teacher: self.teachers[run.teacher].model for run in self.members if run.teacher
        }

    def _targets(self, split, view_set="plain"):
        """{name: teachers.Targets} of all members that have a teacher."""
        distilled = {self._target_name(run): run for run in self.members if run.teacher}
        return {name: self._targets_of(run, split, view_set) for name, run in distilled.items()}

    def _targets_of(self, run, split, view_set):
        logits = self.teachers[run.teacher]
        targets = logits.targets(split, getattr(self.dataset, split).images, view_set)
        if targets.classes != self.dataset.classes:
            raise ValueError(
                f"{logits.identity} has logits of {targets.classes} classes, "
                f"{self.dataset.name} has {self.dataset.classes}"
            )
        if split == "train":
            labels = self.dataset.train.labels
            data_checks.check_logits(targets, labels, f"the logits of {logits.identity}")
        return targets.shuffled(run.seed) if run.settings.shuffled and not self.online else targets
