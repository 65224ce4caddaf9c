"""Trainer of runs: finished ones are read, missing ones trained side by side, or resumed."""

import contextlib
import hashlib
import math
from pathlib import Path

import filelock

from common import models
from common.runs import logits_file, records
from common.teachers.online import OnlineTeacher
from common.training import acceleration, checkpoints, data_checks, evaluation
from common.training.fit import fit
from common.training.job import TrainingJob
from common.utils import files, resources
from common.utils.checks import require_choice, require_writable


def run(runs, dataset, *, output_dir, read_dirs=(), teachers=(), callbacks=(), on_cached=None):
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

    Returns:
        list of dict, one record per run, in the order of `runs`.

    Raises:
        ValueError: runs of another data set; a missing teacher; an output folder that cannot be
            written; a damaged record or checkpoint; a run that another process is training.
        InsufficientSpaceError: too little disk for the checkpoint and weights.
        FloatingPointError: a loss that is no longer finite.
    """
    teachers_by_id = {logits.identity: logits for logits in teachers}
    check(runs, dataset, teachers_by_id)
    folder = require_writable(output_dir)
    done = finished(runs, [folder, *read_dirs], on_cached or _print_cached)
    for members in group_runs({run.name: run for run in runs}.values()):  # each run once
        checkpoint = _checkpoint_path(members, folder)
        if checkpoint.exists() or any(run.name not in done for run in members):
            with _locked(folder, members):  # another process may have finished some before this
                done |= finished(members, [folder], lambda folder, names: None)
                if any(run.name not in done for run in members):
                    done |= _train(members, set(done), dataset, folder, teachers_by_id, callbacks)
                _remove_leftovers(checkpoint, members, folder)
    return [done[run.name] for run in runs]


def check(runs, dataset, teachers_by_id):
    """Raise ValueError unless runs and data fit, their models are known, their teachers passed.

    Args:
        runs: list of Run.
        dataset: data.Dataset.
        teachers_by_id: {identity: Logits or OnlineTeacher}.
    """
    data_checks.require_data(dataset)
    for run in runs:
        if (run.dataset, run.limit) != (dataset.name, dataset.limit):
            raise ValueError(
                f"{run.name} is a run on {run.dataset} with limit {run.limit}, "
                f"the data are {dataset.name} with limit {dataset.limit}"
            )
        require_choice("model", run.model, models.NAMES)
        run.transfer_set.check(dataset.classes)
        if run.teacher:
            _check_teacher(run, dataset, teachers_by_id)


def _check_teacher(run, dataset, teachers_by_id):
    if run.teacher not in teachers_by_id:
        raise ValueError(f"{run.name} needs {run.teacher}: pass its Logits as a teacher")
    teacher = teachers_by_id[run.teacher]
    made_for = getattr(teacher, "dataset", dataset.name)
    if made_for != dataset.name:
        raise ValueError(
            f"the logits of {run.teacher} were made for {made_for}, the data are "
            f"{dataset.name}: make them for these"
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


def _print_cached(folder, names):
    print(f"read {len(names)} finished runs from {folder}")


@contextlib.contextmanager
def _locked(folder, members):
    """Hold the locks of all members; ValueError if another process holds one."""
    with contextlib.ExitStack() as stack:
        for run in members:
            lock = filelock.FileLock(require_writable(folder / "state") / f"{run.name}.lock")
            try:
                stack.enter_context(lock.acquire(blocking=False))
            except filelock.Timeout:
                raise ValueError(
                    f"another process is training {run.name} into {folder}: wait for it to end"
                ) from None
        yield


def _train(members, done, dataset, folder, teachers_by_id, callbacks):
    """Train the members that are not `done`; return {name: record}."""
    checkpoint = _checkpoint_path(members, folder)
    pending, saved = _resumable(members, done, checkpoint)
    job = TrainingJob(pending, dataset, teachers_by_id)
    _require_space(job.model, folder)
    if saved and saved.get("kind", job.kind) != job.kind:
        print(
            f"{checkpoint} is of a {saved['kind']}, this machine trains a {job.kind}: "
            "training from the start"
        )
        saved = None
    progress = fit(job, checkpoint, saved, callbacks)
    return evaluation.write_records(job, folder, progress, done)


def _checkpoint_path(members, folder):
    """Path of the checkpoint of a training of just these runs, in any order."""
    key = hashlib.sha256("\n".join(sorted(run.name for run in members)).encode()).hexdigest()
    return folder / "state" / f"{key[:16]}.npz"


def _remove_leftovers(checkpoint, members, folder):
    """Delete the checkpoint and temporary files of finished runs; their locks must be held."""
    checkpoint.unlink(missing_ok=True)
    for run in members:
        record = records.path(folder, run)
        written = (record, logits_file.path(record), records.weights_path(folder, run))
        for path in (checkpoint, *written):
            files.remove_temporaries(path)


def _resumable(members, done, checkpoint):
    """(runs to train, progress in the checkpoint); the progress is None to train from the start.

    All runs of a checkpoint resume, in its order, even if an interruption between two records
    left some of them done.
    """
    pending = sorted((run for run in members if run.name not in done), key=lambda run: run.name)
    saved = checkpoints.load_progress(checkpoint)
    if not (saved and {run.name for run in pending} <= set(saved["members"])):
        return pending, None
    by_name = {run.name: run for run in members}
    return [by_name[name] for name in saved["members"]], saved


def _require_space(model, folder):
    """Raise InsufficientSpaceError without disk for two checkpoints and the final weights."""
    size = sum(math.prod(variable.shape) * 4 for variable in model.state)
    resources.require_disk(folder, 3 * size, "the state and weights of this training")
