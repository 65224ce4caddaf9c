"""How long a process takes to its first training step, and how much memory it then has used.

`python -m common.benchmark.start ours|plain` trains a few steps of the benchmark's student and
prints the time of the first one's end.
"""

import os
import subprocess
import sys
import time


def measure(kind):
    """(seconds from command to the first step's end, greatest resident memory in bytes)."""
    began = time.time()
    command = [sys.executable, "-m", "common.benchmark.start", kind]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    first = process.stdout.read()
    process.stdout.close()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise ValueError(f"{' '.join(command)} failed: run it to see why")
    unit = 1 if sys.platform == "darwin" else 1024
    return float(first.split()[-1]) - began, used.ru_maxrss * unit


def main(kind):
    from common.backend import keras
    from common.benchmark import distillers
    from common.benchmark.distill import MNIST

    dataset = MNIST.dataset()
    epoch = getattr(distillers, kind)(MNIST, dataset, [4.0])
    fit = keras.Model.fit

    def timed_fit(model, *arguments, **options):
        told = keras.callbacks.LambdaCallback(on_train_batch_end=_tell_once())
        own = options.pop("callbacks", [])
        return fit(model, *arguments, callbacks=[*own, told], **options)

    keras.Model.fit = timed_fit
    epoch()


def _tell_once():
    told = []

    def tell(batch, logs=None):
        if not told:
            told.append(time.time())
            print(told[0])

    return tell


if __name__ == "__main__":
    main(sys.argv[1])
