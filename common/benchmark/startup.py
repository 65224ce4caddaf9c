"""Startup of a process: time to the first training step, and peak memory.

`python -m common.benchmark.startup ours|plain` trains a few steps of the benchmark's student and
prints the time at which the first one ends, then the peak memory.
"""

import subprocess
import sys
import time

from common.benchmark import memory


def measure(kind):
    """(seconds from the command to the end of the first step, peak resident memory in bytes).

    Args:
        kind: "ours" or "plain", as in `keras_contenders`.

    Raises:
        ValueError: the process failed.
    """
    start = time.time()
    command = [sys.executable, "-m", "common.benchmark.startup", kind]
    *_, first, peak = output(command).split()
    return float(first) - start, int(peak)


def output(command, environment=None):
    """Standard output of a command; ValueError if it fails.

    Args:
        command: list of str.
        environment: dict of its environment variables; default this process's.
    """
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment)
    if done.returncode:
        raise ValueError(f"{' '.join(command)} failed: run this command to see the error")
    return done.stdout


def main(kind):
    """Train an epoch of the contender `kind`; print the first step's end and the peak memory."""
    from common.backend import keras
    from common.benchmark import keras_contenders
    from common.benchmark.tasks import MNIST

    dataset = MNIST.dataset()
    epoch = getattr(keras_contenders, kind)(MNIST, dataset, [4.0])
    fit = keras.Model.fit

    def timed_fit(model, *arguments, **options):
        callback = keras.callbacks.LambdaCallback(on_train_batch_end=_print_time_once())
        callbacks = [*options.pop("callbacks", []), callback]
        return fit(model, *arguments, callbacks=callbacks, **options)

    keras.Model.fit = timed_fit
    epoch()
    print(memory.peak())


def _print_time_once():
    times = []

    def on_batch_end(batch, logs=None):
        if not times:
            times.append(time.time())
            print(times[0])

    return on_batch_end


if __name__ == "__main__":
    main(sys.argv[1])
