"""Checks of runs against their data set and teachers, before any of them is trained."""

from common import backend, models
from common.losses import require_method
from common.teachers import controls
from common.teachers.online import OnlineTeacher
from common.training import data_checks
from common.utils.checks import require_choice

# {field of a recipe: the only schedule that uses it}
_OF_SCHEDULES = {"milestones": "steps", "warmup": "cosine", "final_lr_fraction": "cosine"}


# bytes: 255 of a file's name without ".weights.h5" and the prefix of a temporary file
_MAX_NAME = 255 - 11 - 18


def check(runs, dataset, teachers_by_id):
    """Raise ValueError unless `dataset` and `teachers_by_id` are what `runs` need.

    Checks data set, models, methods with their options, teachers, and images that controls need.

    Args:
        runs: list of Run.
        dataset: data.Dataset.
        teachers_by_id: {identity: Logits or OnlineTeacher}.

    Raises:
        ValueError: also if the backend cannot train.
    """
    backend.require_training()
    data_checks.require_data(dataset)
    for run in runs:
        check_run(run, dataset)
        if run.teacher:
            _check_teacher(run, dataset, teachers_by_id)


def check_schedules(runs):
    """Raise ValueError if a schedule would ignore a field of its recipe.

    Of runs that are to be trained: records of such recipes remain readable.

    Args:
        runs: list of Run.
    """
    for run in runs:
        recipe = run.recipe
        for field, schedule in _OF_SCHEDULES.items():
            value = getattr(recipe, field)
            true_anyway = (recipe.schedule, field, value) == ("constant", "final_lr_fraction", 1)
            if value and recipe.schedule != schedule and not true_anyway:
                raise ValueError(
                    f"the recipe of {run.model} has {field}={value!r}, but its schedule "
                    f"{recipe.schedule!r} ignores it: choose the schedule {schedule!r}, or leave "
                    f"{field} out"
                )


def check_run(run, dataset):
    """Raise ValueError unless a run fits its data set, whatever its teacher.

    Args:
        run: Run.
        dataset: data.Dataset.
    """
    _check_data(run, dataset)
    if len(run.name.encode()) > _MAX_NAME:
        raise ValueError(
            f"the names of files of the run {run.name} are too long for a file system: shorten "
            "those of the data set, the network or the teacher"
        )
    if run.build is None:
        require_choice("model", run.model, models.NAMES)
    require_method(run.settings.method, run.settings.options)
    run.transfer_set.check(dataset.classes)
    _check_labels(run, dataset)
    if run.settings.control not in (None, "shuffled"):
        _check_control(run, dataset)


def _check_data(run, dataset):
    """Raise ValueError unless a run is one on these data."""
    if (run.dataset, run.limit) != (dataset.name, dataset.limit):
        raise ValueError(
            f"{run.name} is a run on {run.dataset} with limit {run.limit}, "
            f"but the data set passed is {dataset.name} with limit {dataset.limit}"
        )
    if run.digest != dataset.digest:
        raise ValueError(
            f"{run.name} is a run on images and labels of digest {run.digest}, those of "
            f"{dataset.name} have {dataset.digest}: make the run by Run(..., **dataset.identity)"
        )


def _check_labels(run, dataset):
    """Raise ValueError unless a run's method, class weights and control fit the labels."""
    settings = run.settings
    if settings.multi_label != dataset.multi_label:
        kind, method = (
            ("multi-hot labels", "bernoulli")
            if dataset.multi_label
            else ("one class per image", "kd")
        )
        raise ValueError(
            f"{dataset.name} has {kind}, {run.name} is trained by the method {settings.method!r}: "
            f'choose method="{method}"'
        )
    if settings.class_weights and len(settings.class_weights) != dataset.classes:
        raise ValueError(
            f"{run.name} has {len(settings.class_weights)} class_weights, {dataset.name} has "
            f"{dataset.classes} classes: give one weight per class"
        )
    if dataset.multi_label and settings.control not in (None, "shuffled"):
        raise ValueError(
            f"the control {settings.control!r} is made of one class per image, which multi-hot "
            "labels have not: choose the control 'shuffled'"
        )


def _check_control(run, dataset):
    """Raise ValueError if the run's control cannot be made of its data."""
    control, augmentation = run.settings.control, run.recipe.augmentation
    if augmentation != "none":
        raise ValueError(
            f"the control {control!r} is made of a logits file, but with augmentation "
            f"{augmentation!r} the teacher is evaluated in the step: choose the control 'shuffled'"
        )
    restricted = run.transfer_set.restrict(dataset)
    splits = {"train": restricted.train}
    if control == "same_class":
        splits["validation"] = dataset.validation
    for name, split in splits.items():
        try:
            controls.require_images(control, split.labels, dataset.classes)
        except ValueError as error:
            raise ValueError(f"{run.name}, {len(split)} {name} images: {error}") from None


def _check_teacher(run, dataset, teachers_by_id):
    if run.teacher not in teachers_by_id:
        raise ValueError(f"{run.name} needs teacher {run.teacher}: pass its Logits in `teachers`")
    teacher = teachers_by_id[run.teacher]
    made_for = getattr(teacher, "dataset", dataset.name)
    if made_for != dataset.name:
        raise ValueError(
            f"the logits of {run.teacher} are of {made_for}, but the data set is {dataset.name}: "
            "compute the teacher's logits of this data set"
        )
    augmented = run.recipe.augmentation != "none"
    if isinstance(teacher, OnlineTeacher) != augmented:
        raise ValueError(
            f"{run.name} is trained with augmentation {run.recipe.augmentation!r}: "
            f"pass {run.teacher} as {'an OnlineTeacher' if augmented else 'its Logits'}"
        )
