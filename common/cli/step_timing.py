"""How fast a net trains and answers on this machine, from a few timed batches."""

import contextlib
import dataclasses
import time

import numpy as np

from common.backend import batching, keras
from common.training.job import TrainingJob


@dataclasses.dataclass(frozen=True)
class StepTimes:
    """Seconds that one net needs for one batch: of training, and of `BATCH_SIZE` answers."""

    train: float
    answer: float


TIMED = 3  # batches, after one that compiles
_FEW = 100  # images that a net is asked about at once: what takes longer is not timed better


def measure(run, dataset, tell=lambda: None):
    """The `StepTimes` of a run's net here: the fastest of `TIMED` batches, after one that compiles.

    Of steps that a GPU does many of in one dispatch, the median of as many dispatches.

    Args:
        tell: called after each batch.
    """
    alone = dataclasses.replace(run, teacher=None, distillation=None)
    group = TrainingJob([alone], dataset, {})
    model, data = group.fit_inputs()
    if hasattr(model, "steps_per_dispatch"):
        train = _seconds_on_device(model, data, tell)
    else:
        train = _fastest(lambda: model.train_on_batch(*group.batches[0]), tell)
    return StepTimes(train, of_answers(group.model, dataset, tell))


def of_answers(model, dataset, tell):
    """Seconds that `BATCH_SIZE` answers of a model take; `tell` as of `measure`."""
    images = dataset.validation.images[:_FEW]
    seconds = _fastest(lambda: model.predict_on_batch(images), tell)
    return seconds * batching.BATCH_SIZE / len(images)


def _seconds_on_device(model, data, tell):
    """Seconds of a step, by the median of `TIMED` dispatches after one that compiles."""
    told = _Dispatches(tell)
    with contextlib.suppress(_TimingDone):
        model.fit(data, shuffle=False, epochs=1 + TIMED, callbacks=[told], verbose=0)
    return np.median(np.diff(told.ends)) / model.steps_per_dispatch


class _TimingDone(Exception):
    """Ends a fit whose dispatches have been timed."""


class _Dispatches(keras.callbacks.Callback):
    """Notes when each of the first dispatches ended."""

    def __init__(self, tell):
        super().__init__()
        self.tell, self.ends = tell, []

    def on_train_batch_end(self, batch, logs=None):
        float(logs["loss"])  # waits for the device
        self.ends.append(time.perf_counter())
        self.tell()
        if len(self.ends) > TIMED:
            raise _TimingDone


def _fastest(call, tell):
    seconds = []
    for _ in range(1 + TIMED):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
        tell()
    return min(seconds[1:])
