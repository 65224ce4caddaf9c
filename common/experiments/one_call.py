"""`distill`: a teacher, a student and a data set in one call, with baseline and control."""

import dataclasses
import types

from common import results
from common.data import Dataset
from common.distillation import Distillation, with_controls
from common.experiments.protocols import distill_all
from common.experiments.spec import StudySpec
from common.runs import ModelSpec, Recipe
from common.utils.checks import local_folder, require_choice, require_positive, require_seed

DEFAULT_RECIPE = Recipe()
# batch_size is an option of the teacher too
_OF_RECIPES = {field.name for field in dataclasses.fields(Recipe)} - {"batch_size"}


@dataclasses.dataclass(frozen=True)
class Distilled:
    """What `distill` trained; printed, it is the table.

    Args:
        groups: list of results.SeedGroup: baseline, distilled student, controls.
        output_dir: folder of the records, weights and logits.
    """

    groups: list
    output_dir: object

    @property
    def table(self):
        """Markdown table of all groups: errors, reduction against the baseline, p-values."""
        return results.students_table(self.groups)

    @property
    def records(self):
        """List of dict, one record for each run."""
        return [record for group in self.groups for record in group.seeds.values()]

    def __str__(self):
        return self.table

    def _repr_markdown_(self):
        return self.table


def distill(
    teacher,
    student,
    data,
    *,
    temperature=4,
    alpha=0.9,
    seeds=3,
    method=None,
    class_weights=None,
    control=True,
    output_dir=None,
    recipe=None,
    name=None,
    **options,
):
    """Distill a teacher of any kind into a student, beside its baseline and a control.

    Finished runs in `output_dir` are read, interrupted ones resumed.

    Args:
        teacher: keras.Model, function images -> logits, path of a .keras, .onnx, .npy or .npz
            file, or teachers.Logits.
        student: a name in `common.models.NAMES`, a function that builds a model, as of
            `models.user_models.build`, or a ModelSpec.
        data: data.Dataset.
        temperature, alpha: of the soft targets, as of `Distillation`, alpha above 0; lists of
            temperatures too.
        seeds: their number, or a list of them.
        method: as of `Distillation`; default "kd", of data with multi-hot labels "bernoulli".
        class_weights: of both losses, one per class, as of `Distillation`.
        control: whether to train the shuffled control; or names, as of `experiments.distill`.
        output_dir: folder for records, weights and logits; default runs/<data set> in the
            repository.
        recipe: Recipe of the student; default ten epochs of Adam.
        name: of the teacher in tables; default that of the file, model or function.
        options: of the teacher, as `teachers.from_any` takes them, such as preprocess or classes.

    Returns:
        Distilled: `print` it for the table; it has `groups` and `records`.

    Raises:
        ValueError: as the functions named; before anything is trained.
    """
    from common import teachers
    from common.experiments.study import Study
    from common.training.data_checks import require_data

    _check_options(options)
    _check_types(data, recipe)
    spec, seeds = _student(student, recipe), _seeds(seeds)
    temperatures = temperature if isinstance(temperature, (list, tuple)) else [temperature]
    _require_some("temperature", temperatures)
    require_positive("alpha, which is 0 for the baseline,", alpha)
    method = method or ("bernoulli" if data.multi_label else "kd")
    settings = [
        Distillation(each, alpha, method, class_weights=class_weights) for each in temperatures
    ]
    settings = with_controls(settings, control)
    require_data(data)
    folder = local_folder("the output folder", output_dir or teachers.default_output_dir(data))
    options |= {"name": name, "views": spec.recipe.view_set, "output_dir": folder}
    study = Study(StudySpec(folder, {}, {spec.title: spec}, seeds), data)
    _check_student(study, spec)
    _check_objectives(study, spec, settings)
    logits = teachers.from_any(teacher, data, **options)
    return Distilled(distill_all(study, spec.title, logits, settings), folder)


def _check_options(options):
    """Raise ValueError for options that are the recipe's."""
    for name, value in options.items():
        if name in _OF_RECIPES:
            raise ValueError(f"{name} is the student's: pass recipe=Recipe({name}={value!r})")


def _check_student(study, spec):
    """Raise ValueError for a network or recipe that does not fit, before the teacher answers."""
    from common import models

    if spec.recipe.augmentation != "none":
        raise ValueError(
            f"with augmentation {spec.recipe.augmentation!r} the teacher is evaluated in every "
            "step, distill evaluates it once: choose views instead, such as "
            "Recipe(views='crop_flip')"
        )
    if spec.build is None:
        models.build(spec.model, study.dataset.image_shape, study.dataset.classes, **spec.options)


def _check_objectives(study, spec, settings):
    """Raise ValueError for methods, weights and controls that do not fit the data.

    Args:
        study: Study.
        spec: ModelSpec of its student.
        settings: list of Distillation, controls among them.
    """
    from common.training.run_checks import check_run

    unanswered = types.SimpleNamespace(identity="unanswered")
    for each in settings:
        teacher = unanswered if each.needs_teacher else None
        run = study.student(spec.title, logits=teacher, distillation=each)
        check_run(run, study.dataset)


def _check_types(data, recipe):
    """Raise ValueError for data that are no Dataset, or settings that are no Recipe."""
    if not isinstance(data, Dataset):
        raise ValueError(
            f"data are a data.Dataset, got {type(data).__name__}: make one by "
            "data.from_arrays(images, labels) or data.from_folder(path)"
        )
    if recipe is not None and not isinstance(recipe, Recipe):
        raise ValueError(f"recipe is a Recipe, such as Recipe(epochs=10), got {recipe!r}")


def _require_some(name, values):
    if not values:
        raise ValueError(f"{name} is an empty list: give one or more")


def _student(student, recipe):
    """`ModelSpec` of the argument `student`."""
    if isinstance(student, ModelSpec):
        if recipe is not None:
            raise ValueError("a ModelSpec has a recipe: pass it there")
        return student
    if isinstance(student, str):
        from common import models

        require_choice("student", student, models.NAMES)
        return ModelSpec(student, recipe or DEFAULT_RECIPE)
    return ModelSpec(recipe=recipe or DEFAULT_RECIPE, build=student)


def _seeds(seeds):
    """Tuple of seeds: the first few, or those of a list."""
    if isinstance(seeds, (list, tuple, range)):
        _require_some("seeds", seeds)
        for seed in seeds:
            require_seed(seed)
        return tuple(seeds)
    require_positive("seeds", seeds, integer=True)
    return tuple(range(int(seeds)))
