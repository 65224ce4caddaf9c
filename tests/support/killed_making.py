"""Writing of a logits file in processes that are killed one after the other until one finishes.

python -m tests.support.killed_making FOLDER    # prints progress, then the number of kills
"""

import os
import random
import signal
import sys
import time

import numpy as np

import common.backend  # noqa: F401  # Keras once, before processes are forked to be killed
from common import teachers
from common.data import Dataset, Split


class Linear:
    """A linear teacher that notes the sizes of its batches.

    Args:
        image_shape: (h, w, c) of one image.
        dies_after: calls of `predict_on_batch` after which it raises KeyboardInterrupt.
    """

    def __init__(self, image_shape, classes, seed=0, dies_after=None):
        rng = np.random.default_rng(seed)
        self.weights = rng.normal(size=(np.prod(image_shape), classes)).astype("float32")
        self.output_shape, self.dies_after, self.batches = (None, classes), dies_after, []

    def predict_on_batch(self, images):
        if self.dies_after == len(self.batches):
            raise KeyboardInterrupt
        self.batches.append(len(images))
        return self.logits(images)

    def logits(self, images):
        return images.reshape(len(images), -1).astype("float32") / 255 @ self.weights

    def get_weights(self):
        return [self.weights]

    def count_params(self):
        return 10**9  # too many weights to be written


def noise(images, shape=(20, 20, 3), classes=10, held_out=10):
    """A `Dataset` of random pixels: `images` for training, `held_out` in each other split."""
    rng = np.random.default_rng(1)

    def split(rows):
        pixels = rng.integers(256, size=(rows, *shape)).astype("uint8")
        return Split(pixels, rng.integers(classes, size=rows).astype("int32"))

    names = tuple(map(str, range(classes)))
    return Dataset("noise", names, split(images), split(held_out), split(held_out))


class Slow(Linear):
    """Takes 3 ms per call, so that a kill may come at any point."""

    def predict_on_batch(self, images):
        time.sleep(0.003)
        return super().predict_on_batch(images)


def make(folder):
    data = noise(40)
    teachers.make(folder, Slow(data.image_shape, 10), data, "t", "crop_flip", batch_size=80)


def make_and_die(folder, seconds):
    """Fork, write in the child, kill it within `seconds`; its exit status, None if killed."""
    child = os.fork()
    if not child:
        make(folder)
        os._exit(0)
    time.sleep(random.uniform(0, seconds))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return None if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


if __name__ == "__main__":
    killed = 0
    while (status := make_and_die(sys.argv[1], seconds=0.02 * (killed + 1))) is None:
        killed += 1  # each lives a little longer, so that one finishes on any machine
    print(killed)
    sys.exit(status)
