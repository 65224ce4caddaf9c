"""How long a process takes to its first training step, and how much memory it then has used.

`python -m common.benchmark.startup ours|plain` trains a few steps of the benchmark's student and
prints the time of the first one's end, then its peak of memory.
"""

import subprocess
import sys
import time
from pathlib import Path


def measure(kind):
    """(seconds from command to the first step's end, greatest resident memory in bytes)."""
    began = time.time()
    command = [sys.executable, "-m", "common.benchmark.startup", kind]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise ValueError(f"{' '.join(command)} failed: run it to see why")
    *_, first, memory = done.stdout.split()
    return float(first) - began, int(memory)


def peak_memory():
    """The greatest resident memory of this process so far, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage would tell the parent's, if that was larger when it forked
        (kilobytes,) = (line for line in status.read_text().splitlines() if "VmHWM" in line)
        return 1024 * int(kilobytes.split()[1])
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (
        1 if sys.platform == "darwin" else 1024
    )


def main(kind):
    from common.backend import keras
    from common.benchmark import keras_contenders
    from common.benchmark.tasks import MNIST

    dataset = MNIST.dataset()
    epoch = getattr(keras_contenders, kind)(MNIST, dataset, [4.0])
    fit = keras.Model.fit

    def timed_fit(model, *arguments, **options):
        told = keras.callbacks.LambdaCallback(on_train_batch_end=_tell_once())
        own = options.pop("callbacks", [])
        return fit(model, *arguments, callbacks=[*own, told], **options)

    keras.Model.fit = timed_fit
    epoch()
    print(peak_memory())


def _tell_once():
    told = []

    def tell(batch, logs=None):
        if not told:
            told.append(time.time())
            print(told[0])

    return tell


if __name__ == "__main__":
    main(sys.argv[1])
