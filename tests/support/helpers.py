"""Helpers that several test modules share, besides the fixtures of conftest.py."""

import functools
import importlib.util
import time

import filelock
import keras
import numpy as np
import pytest

from common import metrics
from common.metrics import measures
from common.runs import records
from common.teachers import resumable
from common.utils import files

needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None,
    reason="PyTorch is not installed: pip install -e '.[extra]'",
)

# variables of a process under JAX, whose code is compiled quickly because it runs once
JAX = {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
JAX["XLA_FLAGS"] = "--xla_backend_optimization_level=0"


@functools.wraps(keras.Model.fit)  # modules imported while it stands there read its signature
def no_fit(*arguments, **options):
    """Replacement of `fit`, `predict` or `load` in tests that must not call them."""
    raise AssertionError("fit, predict and load must not be called here")


def add_measures(monkeypatch, *new):
    """Add measures to those of records and tables, for one test."""
    every = (*metrics.MEASURES, *new)
    for module in (measures, metrics):  # which imports the list
        monkeypatch.setattr(module, "MEASURES", every)


class InterruptAt(keras.callbacks.Callback):
    """Callback that interrupts the training after the second batch of each epoch, once each."""

    def __init__(self):
        super().__init__()
        self.interrupted = set()

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if batch == 1 and self.epoch not in self.interrupted:
            self.interrupted.add(self.epoch)
            raise KeyboardInterrupt


class InterruptBefore(keras.callbacks.Callback):
    """Callback that interrupts the training before an epoch, the first of which is 0."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            raise KeyboardInterrupt


def direct(model, images):
    """(n, classes) logits by Keras's own `predict`."""
    return model.predict(images, verbose=0)


def within_float16(stored, exact):
    """Whether values differ by float16's rounding only: 2⁻¹¹ of the value, 2⁻²⁵ near zero."""
    return np.abs(stored - exact) <= np.abs(exact) * 2**-11 + 2**-25 + 1e-5


def assert_same_outcome(folder, other, runs):
    """Assert that weights and records of `runs` are the same in both folders.

    Seconds and limits of threads may differ, callbacks, which interrupted one of the trainings, and
    the commit, if files were edited meanwhile.
    """
    ignored = {"seconds": 0, "callbacks": [], "threads": 0, "commit": None}
    ignored |= {"earlier_environments": []}
    for run in runs:
        first, second = records.read(folder, run), records.read(other, run)
        assert first | ignored == second | ignored
        paths = (records.weights_path(path, run) for path in (folder, other))
        first, second = (weights(path) for path in paths)
        assert first.keys() == second.keys() and first
        for name in first:
            np.testing.assert_array_equal(first[name], second[name], err_msg=name)


def weights(path):
    """{name: array} of everything in a weights file."""
    import h5py

    arrays = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, item: (
                arrays.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None
            )
        )
    return arrays


def write_meanwhile(monkeypatch, folder, write):
    """Let `write` put logits into `folder` while the next call waits for its lock.

    So does another process that holds the lock when the call begins.
    """

    def waiting(line, **_):
        assert line == f"waiting for another process that writes {folder}"
        monkeypatch.delattr(files, "print")
        lock.release()
        write()

    partial = resumable.partial_path(folder)
    partial.mkdir(parents=True)
    lock = filelock.FileLock(partial / resumable.LOCK)
    lock.acquire()
    monkeypatch.setattr(files, "print", waiting, raising=False)


def wait_until(condition, seconds=300):
    """Wait until the function `condition` returns something true; fail after `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)
