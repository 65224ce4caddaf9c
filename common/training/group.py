"""Training of one group of runs: locked, resumed from its checkpoint, one record per run."""

import contextlib
import functools
import math

from common.backend import precision
from common.runs import logits_file, records
from common.training import checkpoints, evaluation, resumption
from common.training.fit import fit
from common.training.job import JobCache
from common.utils import files, resources
from common.utils.checks import require_writable


def train_group(members, done, dataset, folder, teachers, callbacks=(), jobs=None):
    """Train the members of a group that have no record; a second call trains nothing.

    If another process is training a member, this waits for it and reads its record.

    Args:
        members: list of Run that train together.
        done: names of members that are finished; they are neither trained nor locked.
        dataset: data.Dataset.
        folder: Path of the output folder.
        teachers: {identity: Logits or OnlineTeacher}.
        callbacks: Keras callbacks.
        jobs: JobCache of several groups that differ in the seed.

    Returns:
        {name: record} of the members that are not `done`.

    Raises:
        ValueError, InsufficientSpaceError, FloatingPointError: as `training.run`.
    """

    def train(part, finished):
        return train_unlocked(part, finished, dataset, folder, teachers, callbacks, jobs)

    return complete_group(members, done, folder, folder, train)


def complete_group(members, done, folder, state, train):
    """Records of the members that have none, from a function that trains them; as `train_group`.

    Args:
        members, done, folder: as in `train_group`.
        state: Path of the folder with the checkpoints; None if this process cannot see them.
        train: function (runs that train or resume together, names of finished runs) ->
            {name: record} of the others, which writes all files of these runs to `folder`. It is
            called with their locks held.
    """
    missing = [run for run in members if run.name not in done]
    with _locked(folder, missing):
        finished = {run.name: record for run in missing if (record := records.read(folder, run))}
        # A process that was waited for may have been killed: its checkpoints count.
        for part in resumption.split(members, {*done, *finished}, state, report=print):
            finished |= train(part, {*done, *finished})
            trained = [run for run in part if run.name not in done]  # whose locks are held
            _remove_leftovers(resumption.checkpoint_path(part, folder), trained, folder)
    return finished


def train_unlocked(members, done, dataset, folder, teachers, callbacks=(), jobs=None):
    """As `train_group`, for a caller that keeps others from training the same runs there."""
    if sentence := precision.substitution({run.recipe.precision for run in members}):
        _print_once(sentence)
    create = functools.partial((jobs or JobCache()).job, dataset=dataset, teachers=teachers)
    return _train(members, done, folder, create, callbacks)


@functools.cache
def _print_once(line):
    print(line)


@contextlib.contextmanager
def _locked(folder, runs):
    """Hold the locks of `runs`; wait first for other processes that hold them."""
    with contextlib.ExitStack() as stack:
        for run in sorted(runs, key=lambda run: run.name):  # one order: no circle of waiting
            path = require_writable(folder / "state") / f"{run.name}.lock"
            busy = f"waiting for another process that trains {run.name} into {folder}"
            stack.enter_context(files.acquire_lock(path, busy, wait=True))
        yield


def _train(members, done, folder, create, callbacks):
    """Train the members that are not `done`, in a job that `create` makes; {name: record}."""
    checkpoint = resumption.checkpoint_path(members, folder)
    pending, saved = _resumable(members, done, checkpoint)
    job = create(pending, callbacks=callbacks)
    _require_space(job.model, folder)
    if saved and saved.get("kind", job.kind) != job.kind:
        print(
            f"the checkpoint {checkpoint} is of a {saved['kind']}, but this machine trains a "
            f"{job.kind}: training starts again"
        )
        saved = None
    progress = saved or resumption.new_progress(members)
    progress, validation_logits = fit(job, checkpoint, progress, callbacks)
    return evaluation.write_records(job, folder, progress, validation_logits, done)


def written_paths(folder, run):
    """Paths of the files of a finished run in `folder`; the record, which is written last, last."""
    record = records.path(folder, run)
    return records.weights_path(folder, run), logits_file.path(record), record


def _remove_leftovers(checkpoint, members, folder):
    """Delete the checkpoint and temporary files of finished runs; their locks must be held."""
    checkpoint.unlink(missing_ok=True)
    for run in members:
        for path in (checkpoint, *written_paths(folder, run)):
            files.remove_temporaries(path)


def _resumable(members, done, checkpoint):
    """(runs to train, progress in the checkpoint); the progress is None to start from epoch 1.

    All runs of a checkpoint resume, in its order, even if some of them already have a record
    because the interruption came while records were written.
    """
    pending = sorted((run for run in members if run.name not in done), key=lambda run: run.name)
    saved = checkpoints.load_progress(checkpoint)
    if not (saved and {run.name for run in pending} <= set(saved["members"])):
        return pending, None
    by_name = {run.name: run for run in members}
    return [by_name[name] for name in saved["members"]], saved


def _require_space(model, folder):
    """Raise InsufficientSpaceError unless two checkpoints and the final weights fit on the disk."""
    size = sum(math.prod(variable.shape) * 4 for variable in model.state)
    resources.require_disk(folder, 3 * size, "the state and weights of this training")
