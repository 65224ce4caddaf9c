"""Progress of groups of runs that an executor trains, from their checkpoints and futures."""

import contextlib

from common.training import checkpoints
from common.training.group import checkpoint_path
from common.utils.progress_bar import progress_bar


class GroupProgress:
    """Progress bar of all groups, in epochs of runs; a context manager.

    Args:
        futures: {Future: list of the Runs of a group}.
        done: names of finished runs.
        folder: Path of the folder with the checkpoints; None if they cannot be seen.
    """

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
        running = sum(n for future, n in self.counts.items() if _is_running(future))
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
        if not (_is_running(future) and self.folder):
            return 0
        with contextlib.suppress(ValueError):  # it is reported where it is trained
            progress = checkpoints.load_progress(checkpoint_path(self.futures[future], self.folder))
            return progress["epochs"] if progress else 0
        return 0


def _is_running(future):
    """Whether a future is running; one that cannot tell is, until it is done."""
    return future.running() if hasattr(future, "running") else not future.done()
