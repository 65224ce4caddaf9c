"""What several test modules share beside the fixtures of conftest.py."""

import importlib.util

import keras
import numpy as np
import pytest

from common.runs import records

needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None,
    reason="PyTorch is not installed: pip install -e .[extra]",
)


def no_fit(*arguments, **options):
    """In the place of `fit`, `predict` or `load` where none of them is to be called."""
    raise AssertionError("nothing is to be loaded, trained or asked here")


class InterruptAt(keras.callbacks.Callback):
    """Ends every epoch's second batch with an exception, each epoch once."""

    def __init__(self):
        super().__init__()
        self.seen = set()

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if batch == 1 and self.epoch not in self.seen:
            self.seen.add(self.epoch)
            raise KeyboardInterrupt


def direct(model, images):
    return model.predict(images, verbose=0)


def within_float16(stored, exact):
    """Rounding to 11 significant bits: at most 2⁻¹¹ of the value, 2⁻²⁵ near zero."""
    return np.abs(stored - exact) <= np.abs(exact) * 2**-11 + 2**-25 + 1e-5


def assert_same_outcome(folder, other, runs):
    """Weights and records of `runs` are the same in both folders.

    But for the seconds and the callbacks, which cut short the one training and not the other.
    """
    free = {"seconds": 0, "callbacks": []}
    for run in runs:
        first, second = records.read(folder, run), records.read(other, run)
        assert first | free == second | free
        paths = (records.weights_path(place, run) for place in (folder, other))
        first, second = (weights(path) for path in paths)
        assert first.keys() == second.keys() and first
        for name in first:
            np.testing.assert_array_equal(first[name], second[name], err_msg=name)


def weights(path):
    """{name: array} of everything in a weights file."""
    import h5py

    found = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, item: (
                found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None
            )
        )
    return found
