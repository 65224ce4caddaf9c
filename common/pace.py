"""How fast a net trains and answers on this machine, from a few timed batches."""

import dataclasses
import time

from common import feed, fused, transfer_sets
from common.backend import keras
from common.group import Group


@dataclasses.dataclass(frozen=True)
class Pace:
    """Seconds that one net needs for one batch: of training, and of `feed.BATCH_SIZE` answers."""

    train: float
    answer: float


TIMED = 3  # batches, after one that compiles
_FEW = 100  # images that a net is asked about at once: what takes longer is not timed better


def measure(run, dataset, tell=lambda: None):
    """The `Pace` of a run's net here: the fastest of `TIMED` batches, after one that compiles.

    On a GPU that does many steps in one dispatch, the fastest of as many dispatches.

    Args:
        tell: called after each batch.
    """
    alone = dataclasses.replace(run, teacher=None, temperature=1, alpha=0, shuffled=False)
    group = Group([alone], dataset, {})
    if isinstance(group.on_device()[0], fused.Fused):
        train = _fastest_dispatch(group, tell)
    else:
        train = _fastest(lambda: group.model.train_on_batch(*group.batches[0]), tell)
    return Pace(train, of_answers(group.model, dataset, tell))


def of_answers(model, dataset, tell):
    """Seconds that `feed.BATCH_SIZE` answers of a model take; `tell` as of `measure`."""
    images = dataset.validation.images[:_FEW]
    seconds = _fastest(lambda: model.predict_on_batch(images), tell)
    return seconds * feed.BATCH_SIZE / len(images)


def _fastest_dispatch(group, tell):
    """Seconds a step where a GPU does many at once: epochs of one dispatch are timed."""
    steps = fused.length(len(group.batches))
    train = group.dataset.train.take(slice(steps * group.batches.batch_size))
    (run,) = group.members
    run = dataclasses.replace(run, transfer_set=transfer_sets.ALL)
    model, data = Group([run], dataclasses.replace(group.dataset, train=train), {}).on_device()
    seconds = _EpochSeconds(tell)
    model.fit(data, shuffle=False, epochs=1 + TIMED, callbacks=[seconds], verbose=0)
    return min(seconds.seen[1:]) / steps


class _EpochSeconds(keras.callbacks.Callback):
    def __init__(self, tell):
        super().__init__()
        self.tell, self.seen = tell, []

    def on_epoch_begin(self, epoch, logs=None):
        self.began = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(time.perf_counter() - self.began)
        self.tell()


def _fastest(call, tell):
    seconds = []
    for _ in range(1 + TIMED):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
        tell()
    return min(seconds[1:])
