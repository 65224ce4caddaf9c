"""Train runs side by side, or read what an earlier call left; resume what a kill cut short."""

import contextlib
import hashlib
import math
from pathlib import Path

import filelock

from common import models
from common.runs import records
from common.teachers.online import OnlineTeacher
from common.training import acceleration, checkpoints, evaluation
from common.training.fit import fit
from common.training.job import TrainingJob
from common.utils import files, resources
from common.utils.checks import require_choice, require_writable


def run(runs, dataset, *, output_dir, read_dirs=(), teachers=(), callbacks=(), on_cached=None):
    """Return the records of `runs`, training side by side those that have none yet.

    Runs of one recipe, seed and transfer set train together: the same batches, views and, for one
    architecture, initial weights; on a GPU dense nets of several seeds too, each seed on its own
    batches. A killed call goes on from its last finished epoch and ends with the same weights as
    an uninterrupted one.

    Args:
        runs: list of Run, all of `dataset`.
        dataset: data.Dataset.
        output_dir: gets results/, weights/ and, meanwhile, state/.
        read_dirs: folders whose results/ may hold finished runs too.
        teachers: Logits of every teacher that the runs name; where a recipe augments without a
            finite set of views, the OnlineTeacher instead.
        callbacks: any Keras callbacks, for each training; the records name them. Resumed to the
            same weights only with those that watch: what others keep in themselves, such as the
            best epoch so far, a kill loses. A recipe's cosine has Keras refuse those that set the
            learning rate.
        on_cached: told the folder and names of the finished runs; prints them by default.

    Returns:
        list of dict, one record a run, in the order of `runs`.

    Raises:
        ValueError: runs of another data set; a teacher not given; an output folder that cannot
            be written; a damaged record or checkpoint; a run that another process is training.
        InsufficientSpaceError: a disk with too little room for a training's state and weights.
        FloatingPointError: a loss that is no longer finite.
    """
    given = {logits.identity: logits for logits in teachers}
    check(runs, dataset, given)
    folder = require_writable(output_dir)
    found = finished(runs, [folder, *read_dirs], on_cached or _print_reading)
    for group in group_runs({run.name: run for run in runs}.values()):  # each run once
        state = _state_of(group, folder)
        if state.exists() or any(run.name not in found for run in group):
            with _locked(folder, group):  # until now another process may have trained some
                found |= finished(group, [folder], lambda where, names: None)
                if any(run.name not in found for run in group):
                    found |= _train(group, set(found), dataset, folder, given, callbacks)
                _clean(state, group, folder)
    return [found[run.name] for run in runs]


def check(runs, dataset, given):
    """Raise ValueError unless `runs` are of `dataset`, their nets known, their teachers given.

    Args:
        given: {identity: Logits}.
    """
    for run in runs:
        if (run.dataset, run.limit) != (dataset.name, dataset.limit):
            raise ValueError(
                f"{run.name} is a run on {run.dataset} with limit {run.limit}, "
                f"the data are {dataset.name} with limit {dataset.limit}"
            )
        require_choice("model", run.model, models.NAMES)
        run.transfer_set.check(dataset.classes)
        if run.teacher and run.teacher not in given:
            raise ValueError(f"{run.name} needs {run.teacher}: pass its Logits as a teacher")
        asked_about = getattr(given.get(run.teacher), "dataset", dataset.name)
        if asked_about != dataset.name:
            raise ValueError(
                f"the logits of {run.teacher} were made for {asked_about}, the data are "
                f"{dataset.name}: make them for these"
            )
        asked = isinstance(given.get(run.teacher), OnlineTeacher)
        if run.teacher and asked != (run.recipe.augmentation != "none"):
            kind = "an OnlineTeacher" if run.recipe.augmentation != "none" else "its Logits"
            raise ValueError(
                f"{run.name} is trained with augmentation {run.recipe.augmentation!r}: "
                f"pass {run.teacher} as {kind}"
            )


def _print_reading(where, names):
    print(f"read {len(names)} finished runs from {where}")


def finished(runs, folders, on_cached):
    """{name: record} of the runs that have one in `folders`; `on_cached` is told, as in `run`."""
    found = {}
    for folder in folders:
        new = {run.name: records.read(folder, run) for run in runs if run.name not in found}
        new = {name: record for name, record in new.items() if record}
        if new:
            on_cached(files.display_path(Path(folder) / "results"), set(new))
        found |= new
    return found


def group_runs(runs):
    """Lists of the runs that train together: of one recipe, transfer set and seed.

    On a GPU nets of several seeds that can be one stack train together too.
    """
    found = {}
    for run in runs:
        which = str(run.options) if acceleration.can_stack_seeds(run) else run.seed
        found.setdefault((run.recipe, run.transfer_set, which), []).append(run)
    return list(found.values())


@contextlib.contextmanager
def _locked(folder, group):
    with contextlib.ExitStack() as stack:
        for run in group:
            lock = filelock.FileLock(require_writable(folder / "state") / f"{run.name}.lock")
            try:
                stack.enter_context(lock.acquire(blocking=False))
            except filelock.Timeout:
                raise ValueError(
                    f"another process is training {run.name} into {folder}: wait for it to end"
                ) from None
        yield


def _train(group, done, dataset, folder, given, callbacks):
    """Train the runs of a group that are not `done`; return {name: record}."""
    state = _state_of(group, folder)
    members, saved = _resumable(group, done, state)
    training = TrainingJob(members, dataset, given)
    _require_room(training.model, folder)
    if saved and saved.get("kind", training.kind) != training.kind:
        print(f"{state} is of a {saved['kind']}, here trains a {training.kind}: starting anew")
        saved = None
    progress = fit(training, state, saved, callbacks)
    return evaluation.write_records(training, folder, progress, done)


def _state_of(group, folder):
    """Where a training of just these runs keeps its state, whatever their order."""
    key = hashlib.sha256("\n".join(sorted(run.name for run in group)).encode()).hexdigest()
    return folder / "state" / f"{key[:16]}.npz"


def _clean(state, group, folder):
    """Remove what kills left of finished runs; other processes are locked out of them."""
    state.unlink(missing_ok=True)
    for run in group:
        for path in (state, records.path(folder, run), records.weights_path(folder, run)):
            files.remove_temporaries(path)


def _resumable(group, done, state):
    """(runs to train, what `state` has of them), the second None where they begin anew.

    All of a state's runs go on, in its order, though a kill between two records left some done.
    """
    members = sorted((run for run in group if run.name not in done), key=lambda run: run.name)
    saved = checkpoints.load_progress(state)
    if not (saved and {run.name for run in members} <= set(saved["members"])):
        return members, None
    named = {run.name: run for run in group}
    return [named[name] for name in saved["members"]], saved


def _require_room(model, folder):
    """The state on disk, once more while it is replaced, and the weights written in the end."""
    held = sum(math.prod(variable.shape) * 4 for variable in model.state)
    resources.require_disk(folder, 3 * held, "the state and weights of this training")
