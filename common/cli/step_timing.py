"""Step timing: seconds per training batch and per batch of predictions on this machine."""

import contextlib
import dataclasses
import tempfile
import time
from pathlib import Path

import numpy as np

from common.backend import batching, keras
from common.training import checkpoints
from common.training.job import TrainingJob

TIMED = 3  # batches, after one that compiles
_IMAGES = 100  # per timed prediction; more would take longer without a better estimate


@dataclasses.dataclass(frozen=True)
class StepTimes:
    """Seconds per batch of one network.

    Args:
        train: seconds of a training batch.
        predict: seconds of the predictions for `batching.BATCH_SIZE` images.
        checkpoint: seconds to write a checkpoint to the system's temporary folder, once; 0 if it
            is full.
    """

    train: float
    predict: float
    checkpoint: float


def measure(run, dataset, on_batch=lambda: None):
    """`StepTimes` of a run's network on this machine; of batches the minimum of `TIMED`.

    If a GPU dispatches several steps at once, it is the median of `TIMED` dispatches.

    Args:
        run: Run; its teacher is left out.
        dataset: data.Dataset.
        on_batch: function () called after each batch.
    """
    job = TrainingJob([run.baseline], dataset, {})
    model, data = job.fit_inputs()
    if hasattr(model, "steps_per_dispatch"):
        train = _seconds_per_step(model, data, on_batch)
    else:
        train = _fastest(lambda: model.train_on_batch(*job.batches[0]), on_batch)
    predict = prediction_seconds(job.model, dataset, on_batch)
    return StepTimes(train, predict, _checkpoint_seconds(model))


def prediction_seconds(model, dataset, on_batch):
    """Seconds of a model's predictions for `BATCH_SIZE` images; `on_batch` as in `measure`."""
    images = dataset.validation.images[:_IMAGES]
    seconds = _fastest(lambda: model.predict_on_batch(images), on_batch)
    return seconds * batching.BATCH_SIZE / len(images)


def _checkpoint_seconds(model):
    with contextlib.suppress(OSError), tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        checkpoints.save(Path(folder) / "checkpoint.npz", model, {})
        return time.perf_counter() - began
    return 0.0


def _seconds_per_step(model, data, on_batch):
    """Seconds of a step, by the median of `TIMED` dispatches after one that compiles."""
    callback = _DispatchTimes(on_batch)
    with contextlib.suppress(_TimingDone):
        model.fit(data, shuffle=False, epochs=1 + TIMED, callbacks=[callback], verbose=0)
    return np.median(np.diff(callback.ends)) / model.steps_per_dispatch


class _TimingDone(Exception):
    """Ends a fit whose dispatches have been timed."""


class _DispatchTimes(keras.callbacks.Callback):
    """Callback that notes when each of the first dispatches ends, then stops the fit."""

    def __init__(self, on_batch):
        super().__init__()
        self.on_batch, self.ends = on_batch, []

    def on_train_batch_end(self, batch, logs=None):
        float(logs["loss"])  # waits for the device
        self.ends.append(time.perf_counter())
        self.on_batch()
        if len(self.ends) > TIMED:
            raise _TimingDone


def _fastest(call, on_batch):
    """Seconds of the fastest of `TIMED` calls after one that compiles."""
    seconds = []
    for _ in range(1 + TIMED):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
        on_batch()
    return min(seconds[1:])
