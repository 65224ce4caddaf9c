"""Runs that train together: their models, their targets, what one fit is given."""

from common.backend import batching
from common.data import augmentations
from common.runs.model_io import build_model
from common.side_by_side import Student
from common.training import batches, optimizers
from common.training.accelerated import on_device, stacked


class TrainingJob:
    """Runs of one recipe and transfer set: compiled side by side, with their batches.

    Of one seed, or of several where `stacked.takes_all_seeds` has them train as one stack, each
    seed on batches of its own.

    Args:
        members: list of Run.
        dataset: data.Dataset.
        teachers: {identity: teachers.Logits, or OnlineTeacher where the recipe augments
            without a finite set of views}, of every teacher the members name.
        model_class: the class that trains them; by default what is fastest here.

    Raises:
        ValueError: teacher logits that do not fit the data, their views or classes; several
            seeds of nets that cannot be stacked.
    """

    def __init__(self, members, dataset, teachers, model_class=None):
        self.members, self.teachers = members, teachers
        self.full_dataset, self.dataset = dataset, members[0].transfer_set.restrict(dataset)
        self.recipe, self.seeds = members[0].recipe, sorted({run.seed for run in members})
        augmentation = augmentations.get(self.recipe.augmentation)
        self.online = augmentation is not None  # then teachers are asked in the step
        seen = (self.recipe.views, self.recipe.sampled_views)
        targets = {} if self.online else self._targets("train", *seen)
        self.batches = batches.Batches(self.dataset.train, targets, self.recipe, *self.seeds)
        students = {run.name: self._student(run) for run in members}
        kind = model_class or stacked.choose(students)
        if len(self.seeds) > 1 and kind is not stacked.StackedStudents:
            raise ValueError(f"seeds {self.seeds} together need nets that can be stacked")
        self.kind = kind.__name__
        self.model = kind(
            students,
            self._asked() if self.online else None,
            weight_decay=self.recipe.weight_decay,
            augment=augmentation.apply if self.online else None,
            **self._parts(),
        )
        self.model.compile(optimizers.optimizer(self.recipe, len(self.batches)))
        self.model.optimizer.build(self.model.trainable_variables)

    def _student(self, run):
        how = (run.temperature, run.alpha, self._source(run), self.online and run.shuffled)
        return Student(build_model(run, self.dataset), *how)

    def _parts(self):
        """Which part of a batch of several seeds is each member's: an option of a stack."""
        if len(self.seeds) == 1:
            return {}
        return {"parts": {run.name: self.seeds.index(run.seed) for run in self.members}}

    def _source(self, run):
        """The name of a run's teacher among the targets."""
        return f"{run.teacher}{f' shuffled {run.seed}' * (run.shuffled and not self.online)}"

    def _asked(self):
        """{identity: model} of the teachers that are asked in the step."""
        return {
            run.teacher: self.teachers[run.teacher].model for run in self.members if run.teacher
        }

    def _targets(self, split, *seen):
        """{source: teachers.Targets} of all members that have a teacher, in the views `seen`."""
        taught = {self._source(run): run for run in self.members if run.teacher}
        return {source: self._targets_of(run, split, *seen) for source, run in taught.items()}

    def _targets_of(self, run, split, *seen):
        logits = self.teachers[run.teacher]
        targets = logits.targets(split, getattr(self.dataset, split).images, *seen)
        if targets.classes != self.dataset.classes:
            raise ValueError(
                f"{logits.identity} tells {targets.classes} classes apart, "
                f"{self.dataset.name} has {self.dataset.classes}"
            )
        return targets.shuffled(run.seed) if run.shuffled and not self.online else targets

    def fit_inputs(self):
        """(model, data): what to fit on what, the data on the device where they fit."""
        model, data = on_device.place_on_device(self.model, self.batches)
        return model, batching.to_tf_dataset(data)

    def validation_data(self):
        """The validation split with every member's targets, as `fit` takes it."""
        targets = self._targets("validation")
        return batching.to_tf_dataset(batches.validation_batches(self.dataset.validation, targets))
