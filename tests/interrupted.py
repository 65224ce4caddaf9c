"""Train a group of runs slowly, as a process of its own, for a test to kill.

python -m tests.interrupted DATA_DIR OUTPUT_DIR [--die-between-records]
"""

import os
import signal
import sys
import time

from common import data, records
from common.backend import keras
from common.runs import Recipe, Run
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
NETS = (("mlp", {"width": 16, "dropout": 0.5}), ("cnn", {"width": 0.1}))


def runs(dataset):
    """A net with dropout and one with batch normalization."""
    return [
        Run(dataset.name, net, RECIPE, 5, options=options, limit=dataset.limit)
        for net, options in NETS
    ]


class Slow(keras.callbacks.Callback):
    """About 0.3 s an epoch, so that a kill may come at any point of it."""

    def on_train_batch_end(self, batch, logs=None):
        time.sleep(0.06)


def die_after_first_record():
    write = records.write

    def write_and_die(*arguments):
        write(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)

    records.write = write_and_die


if __name__ == "__main__":
    if "--die-between-records" in sys.argv:
        die_after_first_record()
    small = data.load("mnist", data_dir=sys.argv[1], limit=100)
    run(runs(small), small, output_dir=sys.argv[2], callbacks=[Slow()])
