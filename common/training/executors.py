"""Training of groups of runs by an executor, such as processes of this machine."""

import contextlib
import io
import pickle
import tempfile
import warnings
from concurrent.futures import FIRST_COMPLETED, wait

from common.data import shared
from common.training import checkpoints
from common.training.group import checkpoint_path, train_group
from common.training.job import JobCache
from common.utils.checks import require_writable
from common.utils.progress_bar import hidden, progress_bar

_jobs = JobCache()  # of a worker
POLL_SECONDS = 1  # between two looks at the checkpoints


def tasks(executor, groups, done):
    """Tasks for an executor: the groups, distributed evenly if the executor has `workers`.

    The groups that are left over after an even distribution are split. Splitting changes no
    result: each run ends with the same bits, alone or with others.

    Args:
        executor: as in `training.run`.
        groups: list of lists of Run.
        done: names of finished runs.

    Returns:
        list of lists of Run; empty if one local process with all cores is as fast.
    """
    workers = getattr(executor, "workers", 1)
    whole = len(groups) - len(groups) % workers
    parts = [members[i::workers] for members in groups[whole:] for i in range(workers)]
    split = groups[:whole] + [part for part in parts if any(run.name not in done for run in part)]
    return [] if workers > 1 and len(split) == 1 else split


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
        Exception: of the class of the first failure, after all other groups have finished; its
            message lists all failures.
    """
    _require_picklable("callbacks", callbacks)
    _require_picklable("functions of build=", [run.build for runs in groups for run in runs])
    _report_workers(executor, groups)
    folder = folder.resolve()
    with tempfile.TemporaryDirectory(
        prefix="data-", dir=require_writable(folder / "state")
    ) as arrays:
        data = shared.share(dataset, arrays)
        futures = {}
        for members in groups:  # lazy logits are computed here, once for all workers
            needed = {run.teacher: teachers[run.teacher].load() for run in members if run.teacher}
            finished = {run.name for run in members} & done
            task = (members, finished, data, folder, needed, callbacks)
            futures[executor.submit(_train_in_worker, *task)] = members
        try:
            return _collect(futures, done, folder)
        except BaseException:
            for future in futures:
                future.cancel()
            raise


def _train_in_worker(members, done, data, folder, teachers, callbacks):
    """({name: record}, list of lines to show): `train_group` without output of its own."""
    with (
        hidden(),
        contextlib.redirect_stdout(io.StringIO()) as printed,
        warnings.catch_warnings(record=True) as caught,
    ):
        records = train_group(members, done, data.load(), folder, teachers, callbacks, _jobs)
    return records, [*printed.getvalue().splitlines(), *(str(w.message) for w in caught)]


def _collect(futures, done, folder):
    """{name: record} of all futures' runs; raises all errors as one, after all have ended."""
    records, errors, pending = {}, {}, set(futures)
    with _Progress(futures, done, folder) as progress:
        while pending:
            ended, pending = wait(pending, POLL_SECONDS, FIRST_COMPLETED)
            for future in ended:
                try:
                    result, lines = future.result()
                except Exception as error:
                    errors[future] = error
                    continue
                records |= result
                for line in lines:
                    progress.write(f"{futures[future][0].name}: {line}")
            progress.update()
    if errors:
        ordered = [(futures[f][0].name, errors[f]) for f in futures if f in errors]
        _raise(ordered, len(futures))
    return records


def _raise(errors, count):
    """Raise the only error, or one of the first one's class that lists all."""
    first = errors[0][1]
    if len(errors) == 1:
        raise first
    listed = "; ".join(f"{name}: {error}" for name, error in errors)
    raise type(first)(f"{len(errors)} of {count} groups of runs failed: {listed}")


class _Progress:
    """Progress bar of all groups, in epochs of runs, from their checkpoints and futures."""

    def __init__(self, futures, done, folder):
        self.futures, self.folder = futures, folder
        self.counts = {
            future: len({run.name for run in members} - done) for future, members in futures.items()
        }
        total = sum(self._epochs(future) * n for future, n in self.counts.items())
        self.runs = sum(self.counts.values())
        self.bar = progress_bar(total, f"{self.runs} runs", "epochs")
        self.write = self.bar.write

    def __enter__(self):
        self.bar.__enter__()
        return self

    def __exit__(self, *error):
        return self.bar.__exit__(*error)

    def update(self):
        """Show the finished epochs and the numbers of finished, running and waiting runs."""
        finished = sum(n for future, n in self.counts.items() if future.done())
        running = sum(n for future, n in self.counts.items() if future.running())
        epochs = sum(n * self._finished_epochs(future) for future, n in self.counts.items())
        waiting = self.runs - finished - running
        text = f"{finished} runs finished, {running} running, {waiting} waiting"
        self.bar.set_postfix_str(text, refresh=False)
        self.bar.update(max(epochs - self.bar.n, 0))

    def _epochs(self, future):
        return self.futures[future][0].recipe.epochs

    def _finished_epochs(self, future):
        if future.done():
            return self._epochs(future)
        if not future.running():
            return 0
        with contextlib.suppress(ValueError):  # it is reported where it is trained
            progress = checkpoints.load_progress(checkpoint_path(self.futures[future], self.folder))
            return progress["epochs"] if progress else 0
        return 0


def _report_workers(executor, groups):
    workers = getattr(executor, "workers", 0)
    if workers > len(groups):
        print(f"{len(groups)} tasks for {workers} workers: only {len(groups)} of them start")


def _require_picklable(what, values):
    try:
        pickle.dumps(values)
    except Exception as error:
        raise ValueError(
            f"{what} cannot be sent to worker processes ({error}): train without workers"
        ) from None
