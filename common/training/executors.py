"""Training of groups of runs by an executor, such as processes of this machine."""

import contextlib
import pickle
import time

from common.data import shared
from common.training.group_progress import GroupProgress
from common.training.loaded_teachers import LoadedTeachers
from common.training.remote import RemoteTasks, training_folder
from common.training.resumption import checkpoint_path
from common.training.submitted_group import SubmittedGroup
from common.training.worker import train_in_worker
from common.utils.checks import require_writable
from common.utils.temporary_folder import temporary_folder

POLL_SECONDS = 1  # between two looks at the checkpoints


def checkpoint_folder(executor, folder):
    """Path of the folder whose state/ has the checkpoints; None if this process cannot see them.

    Args:
        executor: as in `training.run`, or None.
        folder: Path of the output folder.
    """
    if not executor or _shares_files(executor):
        return folder
    return training_folder(executor, folder.resolve())


def tasks(executor, groups, done, folder):
    """Tasks for an executor: the groups, distributed evenly if the executor has `workers`.

    The groups that are left over after an even distribution are split, but for those that resume
    from a checkpoint. Splitting changes no result: each run ends with the same bits, alone or with
    others.

    Args:
        executor: as in `training.run`.
        groups: list of lists of Run.
        done: names of finished runs.
        folder: of `checkpoint_folder`.

    Returns:
        list of lists of Run; empty if one local process with all cores is as fast.
    """
    workers = getattr(executor, "workers", 1)
    by_resumed = {True: [], False: []}
    for group in groups:
        by_resumed[bool(folder) and checkpoint_path(group, folder).exists()].append(group)
    groups = by_resumed[True] + by_resumed[False]
    whole = max(len(groups) - len(groups) % workers, len(by_resumed[True]))
    parts = [members[i::workers] for members in groups[whole:] for i in range(workers)]
    split = groups[:whole] + [part for part in parts if any(run.name not in done for run in part)]
    alone = len(split) == 1 and workers > 1 and _shares_files(executor)
    return [] if alone else split


def train(executor, groups, done, dataset, folder, teachers, callbacks):
    """Train groups of runs by an executor; show the progress of all in one bar.

    A group that fails does not stop the others.

    Args:
        executor: as in `training.run`.
        groups: list of lists of Run, of `tasks`.
        done, dataset, folder, teachers, callbacks: as in `train_group`.

    Returns:
        {name: record} of the runs that are not `done`.

    Raises:
        ValueError: callbacks or functions of `ModelSpec.build` that no other process can get.
        Exception: the first failure, after all other groups have finished; its note lists all.
    """
    _require_picklable("callbacks", callbacks)
    _require_picklable("functions of build=", [run.build for runs in groups for run in runs])
    _report_workers(executor, groups)
    kind = _LocalTasks if _shares_files(executor) else RemoteTasks
    with kind(executor, done, dataset, folder.resolve(), teachers, callbacks) as tasks:
        submitted = []
        try:
            for members in groups:
                submitted.append(SubmittedGroup(tasks, members, done))
            return _collect(submitted)
        except BaseException:
            for group in submitted:
                group.future.cancel()
            raise


def _shares_files(executor):
    return getattr(executor, "shares_files", True)


class _LocalTasks:
    """Groups of runs as tasks of an executor whose processes share all files with this one.

    Args:
        executor, done, dataset, folder, teachers, callbacks: as in `RemoteTasks`.
    """

    def __init__(self, executor, done, dataset, folder, teachers, callbacks):
        self.executor, self.done, self.dataset, self.folder = executor, done, dataset, folder
        self.teachers, self.callbacks = LoadedTeachers(teachers), callbacks

    def __enter__(self):
        state = require_writable(self.folder / "state")
        with contextlib.ExitStack() as stack:
            arrays = stack.enter_context(temporary_folder(state, "data-"))
            self._data = shared.share(self.dataset, arrays)
            self._removal = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._removal.close()

    def submit(self, members):
        """Future of ({name: record}, lines to show) of a group's members."""
        # lazy logits are computed here, once for all workers
        needed = {run.teacher: self.teachers.load(run.teacher) for run in members if run.teacher}
        finished = {run.name for run in members} & self.done
        task = (members, finished, self._data, self.folder, needed, self.callbacks)
        return self.executor.submit(train_in_worker, *task)


def _collect(groups):
    """{name: record} of all runs; raises an error, if there are any, after all groups have ended.

    Args:
        groups: list of SubmittedGroup.
    """
    records, pending = {}, list(groups)
    with GroupProgress(groups) as progress:
        while pending:
            for group in _ended(pending):
                try:
                    result, lines = group.future.result()
                except Exception as error:
                    if isinstance(error, ChildProcessError) and group.submit_again():
                        continue
                    group.error, result, lines = error, {}, []
                pending.remove(group)
                records |= result
                for line in lines:
                    progress.write(f"{group.name}: {line}")
            progress.update()
    _raise_first(groups)
    return records


def _ended(groups):
    """List of those that have ended; waits for one, at most `POLL_SECONDS`.

    `concurrent.futures.wait` takes only futures of its own module, submitit's are others.
    """
    end = time.monotonic() + POLL_SECONDS
    while not (ended := [group for group in groups if group.future.done()]):
        if time.monotonic() > end:
            break
        time.sleep(0.02)
    return ended


def _raise_first(groups):
    """Raise the first group's error, if there is one, with a note that lists all groups' errors.

    An error of its class with another message cannot be made: classes differ in their arguments.
    """
    failed = [group for group in groups if group.error]
    if failed:
        listed = "; ".join(f"{group.name}: {group.error}" for group in failed)
        note = f"{len(failed)} of {len(groups)} groups of runs failed: {listed}"
        failed[0].error.add_note(note)
        raise failed[0].error


def _report_workers(executor, groups):
    workers = getattr(executor, "workers", 0)
    if workers > len(groups):
        needed = f"{len(groups)} start" if len(groups) > 1 else "one starts"
        print(f"{workers} workers for {len(groups)} task{'s' * (len(groups) > 1)}: only {needed}")


def _require_picklable(what, values):
    try:
        pickle.dumps(values)
    except Exception as error:
        raise ValueError(
            f"{what} cannot be sent to worker processes ({error}): train without workers"
        ) from None
