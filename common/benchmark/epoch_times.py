"""Epochs of distillation: beside plain training, beside the peers, beside the bare step."""

import dataclasses
import statistics

from common.benchmark import keras_contenders, rows, timing
from common.benchmark.rows import Row

TEMPERATURES = (1.0, 2.0, 4.0, 8.0, 20.0)
LONGER = 5  # times the steps where no teacher is asked: else a fit's beginning would count


def longer(task):
    """The task for those who ask no teacher."""
    return dataclasses.replace(task, steps=LONGER * task.steps)


def overhead(task, repeats):
    """What teachers add to plain `fit`, for one student and for five side by side.

    Timed apart from the peers: in turn with them, one student took 1 to 8 % longer in three runs.
    """

    task = longer(task)
    dataset = task.dataset()
    for temperatures, what in (
        ([4.0], "one distilled student, against plain fit"),
        (TEMPERATURES, "five students side by side, against five plain fits"),
    ):
        calls = {
            "ours": keras_contenders.ours(task, dataset, temperatures),
            "plain": keras_contenders.plain(task, dataset, temperatures),
        }
        seconds = timing.interleaved(calls, repeats).values()
        both = (rows.scale_to_epoch(values, task) for values in seconds)
        yield Row(what, *both, "s", "more", "at most 5 % longer")


def beside_peers(task, repeats):
    """An epoch beside the peers', five temperatures beside theirs."""
    seconds, asking = _of_contenders(task, repeats)
    for name in asking:
        what = f"epoch of {task.student} taught by {task.teacher}, against {name}"
        yield Row(what, seconds["one"], seconds[name], "s", "times", "10 times as fast")
        fivefold = [len(TEMPERATURES) * value for value in seconds[name]]
        what = f"five temperatures side by side, against five runs of {name}"
        yield Row(what, seconds["five"], fivefold, "s", "times", "10 times as fast")


def _of_contenders(task, repeats):
    """({name: lists of seconds an epoch}, names of the peers, of Distiller's the best alone)."""

    own = longer(task)
    dataset = own.dataset()
    calls = {
        "one": keras_contenders.ours(own, dataset, [4.0]),
        "five": keras_contenders.ours(own, dataset, TEMPERATURES),
    }
    asking = keras_contenders.every(task, task.dataset())
    measured = timing.interleaved(calls | asking, repeats)
    seconds = {
        name: rows.scale_to_epoch(values, task if name in asking else own)
        for name, values in measured.items()
    }
    alone = [name for name in asking if name.startswith(keras_contenders.DISTILLER)]
    best = min(alone, key=lambda name: statistics.median(seconds[name]))
    return seconds, [best, *(name for name in asking if name not in alone)]


def on_device(task, repeats):
    """On a GPU, with views: the share of the bare step's rate, and against PyTorch's loop."""

    dataset = task.dataset()
    calls = {
        "ours": keras_contenders.ours(task, dataset, [4.0]),
        "bare": keras_contenders.bare(task, dataset),
    } | keras_contenders.pytorch(task, dataset)
    seconds = timing.interleaved(calls, repeats)
    what = f"{task.student} taught by {task.teacher}, {task.views}, batch {task.batch_size}"
    rates = {name: timing.per_second(values, task.images) for name, values in seconds.items()}
    ours, bare = rates.pop("ours"), rates.pop("bare")
    against = f"{what}, against its bare step without a teacher"
    yield Row(against, ours, bare, "images/s", "share", "85 %")
    for name, theirs in rates.items():
        against = f"{what}, against {name}"
        yield Row(against, ours, theirs, "images/s", "times", "3 times as fast")
