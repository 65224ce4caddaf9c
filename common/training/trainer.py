"""Trainer of runs: finished runs are read; missing runs are trained side by side, or resumed."""

from pathlib import Path

from common import backend, models
from common.losses import require_method
from common.runs import records
from common.teachers import controls
from common.teachers.online import OnlineTeacher
from common.training import acceleration, data_checks, executors
from common.training.group import checkpoint_path, train_group
from common.training.job import JobCache
from common.utils import files
from common.utils.checks import require_choice, require_writable


def run(
    runs,
    dataset,
    *,
    output_dir,
    read_dirs=(),
    teachers=(),
    callbacks=(),
    on_cached=None,
    executor=None,
):
    """Records of `runs`: read if they exist, else trained side by side and written.

    Runs of one recipe, seed and transfer set train together: they share batches, views and, if
    their architecture is the same, initial weights. On a GPU, MLPs of several seeds train
    together too, each seed on its own batches. An interrupted training resumes after its last
    complete epoch; on a CPU it ends with the same weights as an uninterrupted one.

    Args:
        runs: list of Run, all of `dataset`.
        dataset: data.Dataset.
        output_dir: folder for results/, weights/ and, during training, state/.
        read_dirs: more folders whose results/ may hold finished runs.
        teachers: list of the Logits of every teacher that the runs name; of OnlineTeacher if a
            recipe augments without a finite set of views.
        callbacks: Keras callbacks for each training, named in the records. Callbacks are not
            checkpointed: stateful ones (EarlyStopping) lose their state on resume. Those that set
            the learning rate conflict with schedules.
        on_cached: function (folder, set of names) called for the finished runs that were read;
            by default their number is printed.
        executor: object with `submit(function, *arguments)` that returns a Future, such as
            `utils.workers.LocalWorkers` or a ProcessPoolExecutor with spawn; a task is a group of
            runs that train together. Its processes must see `output_dir` under the same path,
            unless it has `put` and `shares_files` False, as `utils.ray_executor.RayExecutor`.
            None to train one group after the other in this process.

    If another process is training a run, this waits for it and reads its record.

    Returns:
        list of dict, one record per run, in the order of `runs`.

    Raises:
        ValueError: a run is of another data set; a teacher is missing; the output folder cannot
            be written; a record or checkpoint is damaged; with an executor, callbacks cannot be
            sent to another process.
        InsufficientSpaceError: there is too little disk space for checkpoint and weights.
        FloatingPointError: a loss is no longer finite.
    """
    teachers_by_id = {logits.identity: logits for logits in teachers}
    check(runs, dataset, teachers_by_id)
    folder = require_writable(output_dir)
    done = finished(runs, [folder, *read_dirs], on_cached or _print_cached)
    groups = _unfinished(runs, done, folder)
    if executor and (tasks := executors.tasks(executor, groups, done)):
        parts = (folder, teachers_by_id, list(callbacks))
        done |= executors.train(executor, tasks, set(done), dataset, *parts)
        groups = []
    jobs = JobCache()
    for members in groups:
        done |= train_group(members, done, dataset, folder, teachers_by_id, callbacks, jobs)
    return [done[run.name] for run in runs]


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
        _check_data(run, dataset)
        if run.build is None:
            require_choice("model", run.model, models.NAMES)
        require_method(run.settings.method, run.settings.options)
        run.transfer_set.check(dataset.classes)
        _check_labels(run, dataset)
        if run.teacher:
            _check_teacher(run, dataset, teachers_by_id)
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
            f"{dataset.classes} classes"
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
    controls.require_images(control, restricted.train.labels, dataset.classes)
    if control == "same_class":
        controls.require_images(control, dataset.validation.labels, dataset.classes)


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


def finished(runs, folders, on_cached):
    """{name: record} of the runs that have a record in one of the folders.

    Args:
        runs: list of Run.
        folders: list of paths, searched in this order.
        on_cached: function (folder, set of names), called for each folder with finished runs.
    """
    done = {}
    for folder in folders:
        new = {run.name: records.read(folder, run) for run in runs if run.name not in done}
        new = {name: record for name, record in new.items() if record}
        if new:
            on_cached(files.display_path(Path(folder) / "results"), set(new))
        done |= new
    return done


def group_runs(runs):
    """Lists of the runs that train together: of one recipe, transfer set and seed.

    On a GPU, models of several seeds that can be stacked train together too.
    """
    groups = {}
    for run in runs:
        key = str(run.options) if acceleration.can_stack_seeds(run) else run.seed
        groups.setdefault((run.recipe, run.transfer_set, key), []).append(run)
    return list(groups.values())


def _unfinished(runs, done, folder):
    """Groups with a run that has no record; checkpoints of finished groups are deleted."""
    groups = []
    for members in group_runs({run.name: run for run in runs}.values()):  # each run once
        if any(run.name not in done for run in members):
            groups.append(members)
        else:  # its process was killed after the last record
            checkpoint_path(members, folder).unlink(missing_ok=True)
    return groups


def _print_cached(folder, names):
    print(f"read {len(names)} finished runs from {folder}")
