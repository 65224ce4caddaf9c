"""Callbacks and a driver process for tests that kill processes of an executor.

python -m tests.support.faults workers|ray DATA_DIR OUTPUT_DIR PIDS_DIR
"""

import os
import signal
import sys
from pathlib import Path

from common import data, training
from common.runs import Recipe, Run
from common.utils.ray_executor import RayExecutor
from common.utils.workers import LocalWorkers, cores
from tests.support.interrupted import Slow


class KillOnce(Slow):
    """Slow callback that kills its process in the middle of epoch 3, once, and notes first epochs.

    Args:
        folder: of a marker that the process was killed, and of the number of the first epoch of
            each attempt, in the names of files.
    """

    def __init__(self, folder):
        super().__init__()
        self.folder, self.began = Path(folder), False

    def on_epoch_begin(self, epoch, logs=None):
        """Note the first epoch."""
        self.epoch = epoch
        if not self.began:
            (self.folder / f"{os.getpid()}-{epoch}").touch()
        self.began = True

    def on_train_batch_end(self, batch, logs=None):
        """Kill the process unless one was killed before."""
        marker = self.folder / "killed"
        if self.epoch == 2 and batch == 1 and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)


class NotePid(Slow):
    """Slow callback that writes a file named by the number of its process: a byte per epoch."""

    def __init__(self, folder):
        super().__init__()
        self.folder = str(folder)

    def on_epoch_begin(self, epoch, logs=None):
        """Add a byte."""
        with Path(self.folder, str(os.getpid())).open("a") as file:
            file.write(".")


def executor(kind, workers=2, **options):
    """An executor of tasks with as many threads as this process, so that bits are the same."""
    if kind == "workers":
        return LocalWorkers(workers, threads=cores())
    return RayExecutor(slots=workers, threads=cores(), **options)


def runs(dataset, seeds, epochs=6):
    """Runs of a tiny network, one per seed."""
    recipe = Recipe(epochs=epochs, batch_size=25)
    options = {"options": {"width": 16}, "limit": dataset.limit}
    return [Run(dataset.name, "mlp", recipe, seed, **options) for seed in range(seeds)]


def main(kind, data_dir, output_dir, pids):
    """Train three runs by an executor."""
    few = data.load("mnist", data_dir=data_dir, limit=100)
    options = {"data_dir": data_dir} if kind == "ray" else {}
    with executor(kind, **options) as pool:
        callbacks = [NotePid(pids)]
        training.run(runs(few, 3), few, output_dir=output_dir, callbacks=callbacks, executor=pool)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit("interrupted")
