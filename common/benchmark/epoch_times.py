"""Epoch times of distillation: against plain training, other libraries and the bare step."""

import dataclasses
import statistics

from common.benchmark import keras_contenders, rows, timing
from common.benchmark.rows import Row

TEMPERATURES = (1.0, 2.0, 4.0, 8.0, 20.0)
LONGER = 5  # times the steps where no teacher is evaluated: else the start of `fit` would count


def longer(task):
    """The task with `LONGER` times the steps, for contenders that evaluate no teacher."""
    return dataclasses.replace(task, steps=LONGER * task.steps)


def overhead(task, repeats):
    """Rows of distillation against plain `fit`, for one student and for five side by side.

    Not interleaved with other libraries: then one student took 1 to 8 % longer in three runs.
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


def online_contenders(task, repeats):
    """Rows against contenders that evaluate the teacher in the step: one temperature, and five."""
    seconds, names = _measure(task, repeats)
    for name in names:
        what = f"epoch of {task.student} distilled from {task.teacher}, against {name}"
        yield Row(what, seconds["one"], seconds[name], "s", "times", "10 times as fast")
        fivefold = [len(TEMPERATURES) * value for value in seconds[name]]
        what = f"five temperatures side by side, against five runs of {name}"
        yield Row(what, seconds["five"], fivefold, "s", "times", "10 times as fast")


def _measure(task, repeats):
    """({name: list of seconds per epoch}, names of contenders, only the faster Distiller)."""
    longer_task = longer(task)
    dataset = longer_task.dataset()
    ours = {
        "one": keras_contenders.ours(longer_task, dataset, [4.0]),
        "five": keras_contenders.ours(longer_task, dataset, TEMPERATURES),
    }
    others = keras_contenders.online(task, task.dataset())
    measured = timing.interleaved(ours | others, repeats)
    seconds = {
        name: rows.scale_to_epoch(values, task if name in others else longer_task)
        for name, values in measured.items()
    }
    distillers = [name for name in others if name.startswith(keras_contenders.DISTILLER)]
    fastest = min(distillers, key=lambda name: statistics.median(seconds[name]))
    return seconds, [fastest, *(name for name in others if name not in distillers)]
