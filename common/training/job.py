"""Training job: runs that train together, compiled side by side, with their batches."""

from common.backend import batching, hardware, precision
from common.data import augmentations
from common.runs.model_io import build_model
from common.side_by_side import SideBySide, Student
from common.teachers import controls
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
        model_class: class that trains the students; by default the fastest on this machine.

    Attributes:
        full_dataset: the data set.
        dataset: the data set restricted to the members' transfer set.
        batches: Batches of the training images.
        model: compiled SideBySide, or a subclass.
        kind: name of the model's class.
        aliases: {name of a member: its name in the model}, equal unless the job was `reseed`ed.

    Raises:
        ValueError: the teacher's logits are of other images, views or classes than the data;
            networks of several seeds cannot be stacked.
    """

    def __init__(self, members, dataset, teachers, model_class=None):
        self.members, self.teachers = members, teachers
        self._lookups = {}  # {(teacher, split): Targets}, which cost a hash of every image
        self.aliases = {run.name: run.name for run in members}
        self.full_dataset, self.dataset = dataset, members[0].transfer_set.restrict(dataset)
        self.recipe, self.seeds = members[0].recipe, sorted({run.seed for run in members})
        self.augmentation = augmentations.get(self.recipe.augmentation)
        self.online = self.augmentation is not None  # the teacher is evaluated in the step
        self.batches = self._batches()
        students = {run.name: self._student(run) for run in members}
        with precision.dtype_policy("float32"):  # the students have that of the recipe
            self.model = self._build(model_class or acceleration.model_class(students), students)
        self.kind = type(self.model).__name__
        self.model.compile(optimizers.optimizer(self.recipe, len(self.batches)))
        self.model.optimizer.build(self.model.trainable_variables)

    def reseed(self, members):
        """Use this job for the same runs with another seed, with initial weights of that seed.

        The model keeps its traced functions, and therefore the names of its first members.

        Args:
            members: list of Run, in the order of the present ones.
        """
        names = [self.aliases[run.name] for run in self.members]
        self.members, self.seeds = members, [members[0].seed]
        self.aliases = {run.name: name for run, name in zip(members, names, strict=True)}
        self.batches = self._batches()
        for run in members:
            fresh = build_model(run, self.dataset)
            model = self.model.models[self.aliases[run.name]]
            for variable, value in zip(model.variables, fresh.variables, strict=True):
                variable.assign(value)
        optimizers.restart(self.model.optimizer)

    def history_key(self, key):
        """Key of a Keras history, with the name of a present member."""
        for name, alias in self.aliases.items():
            if key.removeprefix("val_").startswith(f"{alias}_"):
                return key.replace(alias, name)
        return key

    def fit_inputs(self):
        """(model, data) for `fit`, the data in GPU memory if they fit."""
        model, data = acceleration.place_on_device(self.model, self.batches)
        return model, batching.to_tf_dataset(data)

    def validation_targets(self):
        """{name: teachers.Targets} of the validation images, of all members with a teacher."""
        return self._targets("validation")

    def _batches(self):
        self._controls = {}  # {target name: Control}, of the present members
        targets = {} if self.online else self._targets("train", self.recipe.view_set)
        return batches.Batches(self.dataset.train, targets, self.recipe, *self.seeds)

    def _build(self, model_class, students):
        options = {"weight_decay": self.recipe.weight_decay}
        if self.online:
            options["augment"] = self.augmentation.apply
        if len(self.seeds) > 1:
            if not getattr(model_class, "takes_seed_slices", False):
                raise ValueError(
                    f"seeds {self.seeds} cannot train together: their networks cannot be stacked"
                )
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
            hard_weight=settings.hard_weight,
            soft_weight=settings.soft_weight,
            options=settings.options,
            class_weights=settings.class_weights,
        )

    def _target_name(self, run):
        """Name of a run's teacher logits among the targets: those of controls are separate."""
        settings = run.settings
        if settings.control is None or self.online:
            return f"{run.teacher}"
        temperature = f" T{settings.temperature:g}" * (settings.control in controls.AVERAGED)
        seed = f" {run.seed}" * (len(self.seeds) > 1)  # one seed's name serves another
        return f"{run.teacher} {settings.control}{seed}{temperature}"

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
        """A run's `teachers.Targets` of a split: the teacher's own, or those of its control."""
        targets = self._teacher_targets(run, split, view_set)
        if run.settings.control is None or self.online:
            return targets
        return self._control(run).targets(targets, getattr(self.dataset, split).labels)

    def _control(self, run):
        """`controls.Control` of a run, made once for its target name."""
        name, settings = self._target_name(run), run.settings
        if name not in self._controls:
            self._controls[name] = controls.Control(
                settings.control,
                self._teacher_targets(run, "train", self.recipe.view_set),
                self.dataset.train.labels,
                temperature=settings.temperature,
                seed=run.seed,
            )
        return self._controls[name]

    def _teacher_targets(self, run, split, view_set):
        """The teacher's own `Targets`, looked up and checked once for all runs and seeds."""
        if (run.teacher, split) not in self._lookups:
            self._lookups[run.teacher, split] = self._look_up(run.teacher, split, view_set)
        return self._lookups[run.teacher, split]

    def _look_up(self, teacher, split, view_set):
        logits = self.teachers[teacher]
        targets = logits.targets(split, getattr(self.dataset, split).images, view_set)
        if targets.classes != self.dataset.classes:
            raise ValueError(
                f"{logits.identity} has logits of {targets.classes} classes, "
                f"{self.dataset.name} has {self.dataset.classes}: choose a teacher of these classes"
            )
        if split == "train":
            labels = self.dataset.train.labels
            data_checks.check_logits(targets, labels, f"the logits of {logits.identity}")
        return targets


class JobCache:
    """Creates training jobs; the last one is reused for another seed of the same runs.

    Tracing nine networks takes as long as training them for two epochs.
    """

    def __init__(self):
        self._job = self._key = None

    def job(self, members, dataset, teachers, callbacks=()):
        """`TrainingJob` of the members.

        The job is new if there are callbacks, which see the names in the model, or if it stacks
        its students or keeps its data in GPU memory.
        """
        key = (tuple(run.id for run in members), id(dataset), members[0].recipe)
        seeds = {run.seed for run in members}
        if self._job and key == self._key and len(seeds) == 1 and not callbacks:
            self._job.teachers = teachers
            self._job.reseed(members)
            return self._job
        self._job = None  # freed before another one takes memory
        job = TrainingJob(members, dataset, teachers)
        if job.kind == SideBySide.__name__ and not hardware.gpu_memory():
            self._job, self._key = job, key
        return job
