"""`distill`: a teacher, a student and a data set in one call, with baseline and control."""

import types

from common.distillation import with_controls
from common.experiments import call_arguments
from common.experiments.distilled import Distilled
from common.experiments.protocols import distill_all, student_runs
from common.experiments.spec import StudySpec
from common.runs import ModelSpec, Recipe
from common.utils.checks import local_folder, require_choice

DEFAULT_RECIPE = Recipe()


def distill(
    teacher,
    student,
    data,
    *,
    temperature=None,
    alpha=None,
    seeds=3,
    method=None,
    class_weights=None,
    settings=None,
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
        student: a name in `common.models.NAMES`, a function that builds a model, as in
            `models.user_models.build`, or a ModelSpec.
        data: data.Dataset.
        temperature: of the soft targets, at least 1e-6, default 4; or a list of temperatures, which
            are trained side by side.
        alpha: weight of the soft targets, in (0, 1], default 0.9, with 1 - alpha for the labels.
        seeds: their number, or a list of them.
        method: a name in `common.losses.LOSSES`; default "kd", of data with multi-hot labels
            "bernoulli".
        class_weights: of both losses, one per class, see `Distillation`.
        settings: Distillation, or a list of them, in place of temperature, alpha, method and
            class_weights: for options of methods and for two separate weights.
        control: True for the shuffled control, False for none, or names of
            `distillation.LADDER`; made with the first temperature or settings.
        output_dir: folder for records, weights and logits; default runs/<data set> in the
            repository.
        recipe: Recipe of the student; default Recipe(): ten epochs of Adam, whose learning rate
            falls from 0.001 to 0 by a cosine.
        name: of the teacher in tables; default that of the file, model or function.
        options: of the teacher, as `teachers.from_any` takes them, such as preprocess or classes.

    Returns:
        Distilled: `print` it for the table; it has `groups`, `records` and `model()`, the trained
        student.

    Raises:
        ValueError: an argument is unknown, out of range or does not fit the others; the teacher's
            answers do not fit the data; before anything is trained.
        ModuleNotFoundError: an .onnx teacher without ONNX Runtime.
        InsufficientSpaceError: too little disk space for the logits or the training.
        FloatingPointError: a loss is no longer finite.
        OSError: a file cannot be read or written.
    """
    from common import teachers
    from common.experiments.study import Study
    from common.training.data_checks import require_data

    call_arguments.check_options(options)
    call_arguments.check_types(data, recipe)
    spec, seeds = _student(student, recipe), call_arguments.seeds_of(seeds)
    parts = {"temperature": temperature, "alpha": alpha, "method": method}
    parts["class_weights"] = class_weights
    settings = with_controls(call_arguments.settings_of(data, settings, parts), control)
    require_data(data)
    folder = local_folder("the output folder", output_dir or teachers.default_output_dir(data))
    options |= {"name": name, "views": spec.recipe.view_set, "output_dir": folder}
    study = Study(StudySpec(folder, {}, {spec.title: spec}, seeds), data)
    _check_student(study, spec, settings[0].baseline, teacher)
    _check_objectives(study, spec, settings)
    logits = teachers.from_any(teacher, data, **options)
    return Distilled(distill_all(study, spec.title, logits, settings), study)


def _check_student(study, spec, baseline, teacher):
    """Raise ValueError for a network or recipe that does not fit, before the teacher answers.

    Args:
        study: Study.
        spec: ModelSpec of its student.
        baseline: Distillation of the student on labels only.
        teacher: as in `distill`.
    """
    from common import models
    from common.teachers.online import OnlineTeacher
    from common.training.run_checks import check_schedules

    runs = student_runs(study, spec.title, distillation=baseline)
    check_schedules([run for run in runs if not study.store.is_finished(run)])
    if spec.recipe.augmentation != "none" and not isinstance(teacher, OnlineTeacher):
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
