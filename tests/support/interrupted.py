"""Slow training in a separate process, for a test to kill.

python -m tests.support.interrupted DATA_DIR OUTPUT_DIR [--die-between-records | --kills COUNT SEED]
"""

import io
import os
import random
import signal
import sys
import threading
import time

import numpy as np

from common import data
from common.backend import keras
from common.runs import Recipe, Run, records
from common.training import run

RECIPE = Recipe(
    epochs=8,
    batch_size=20,
    optimizer="adam",
    learning_rate=0.01,
    warmup=0.1,
    weight_decay=1e-3,
    views="mnist_jitter",
)
MODELS = (("mlp", {"width": 16, "dropout": 0.5}), ("cnn", {"width": 0.1}))


def runs(dataset):
    """A network with dropout and one with batch normalization."""
    return [
        Run(dataset.name, model, RECIPE, 5, options=options, limit=dataset.limit)
        for model, options in MODELS
    ]


class Slow(keras.callbacks.Callback):
    """Callback that makes epochs take about 0.3 s, so that a kill may come at any point."""

    def on_train_batch_end(self, batch, logs=None):
        time.sleep(0.06)


def die_after_first_record():
    """Kill the process after its first record is written."""
    write = records.write

    def write_and_die(*arguments):
        write(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)

    records.write = write_and_die


QUICK = Recipe(
    epochs=50,
    batch_size=25,
    learning_rate=0.01,
    weight_decay=1e-3,
    views="mnist_jitter",
)


def quick_run(dataset):
    """A network whose epoch takes little longer than writing its checkpoint."""
    options = {"width": 8, "dropout": 0.5}
    return Run(dataset.name, "mlp", QUICK, 5, options=options, limit=dataset.limit)


class DieAfter(keras.callbacks.Callback):
    """Callback that kills the process `seconds` after its first step.

    Steps are slowed down, so that no machine finishes before it is killed.
    """

    def __init__(self, seconds):
        super().__init__()
        self.timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGKILL))
        self.timer.daemon = True

    def on_train_batch_end(self, batch, logs=None):
        if not self.timer.ident:  # not yet started
            self.timer.start()
        time.sleep(0.02)


def die_in_checkpoint(number, fraction):
    """Kill the process when a fraction of its checkpoint of that number is written."""
    save, before = np.savez, iter(range(number))

    def save_or_die(file, **arrays):
        if next(before, None) is not None:
            return save(file, **arrays)
        content = io.BytesIO()
        save(content, **arrays)
        file.write(content.getvalue()[: round(fraction * content.tell())])
        file.flush()
        os.kill(os.getpid(), signal.SIGKILL)

    np.savez = save_or_die


def was_killed(work):
    """Whether `work`, run in a forked process, was killed."""
    sys.stdout.flush()
    child = os.fork()
    if not child:
        try:
            work()
        finally:  # skip the parent's clean-up
            os._exit(0 if sys.exc_info()[0] is None else 1)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status) and status:
        sys.exit("a training failed")
    return os.WIFSIGNALED(status)


def kill_again_and_again(dataset, folder, count, seed):
    """Kill a run `count` times at random moments, every other time in a checkpoint; finish it."""
    rng = random.Random(seed)
    for number in range(count):

        def train(in_checkpoint=number % 2):
            callbacks = [] if in_checkpoint else [DieAfter(rng.uniform(0, 0.5))]
            if in_checkpoint:
                die_in_checkpoint(rng.randrange(3), rng.random())
            run([quick_run(dataset)], dataset, output_dir=folder, callbacks=callbacks)

        if not was_killed(train):
            sys.exit(f"finished before kill {number + 1}")
        rng.random()  # children draw from copies
    if was_killed(lambda: run([quick_run(dataset)], dataset, output_dir=folder)):
        sys.exit("killed by another")


if __name__ == "__main__":
    if "--die-between-records" in sys.argv:
        die_after_first_record()
    small = data.load("mnist", data_dir=sys.argv[1], limit=100)
    if "--kills" in sys.argv:
        kill_again_and_again(small, sys.argv[2], *map(int, sys.argv[4:6]))
    else:
        run(runs(small), small, output_dir=sys.argv[2], callbacks=[Slow()])
