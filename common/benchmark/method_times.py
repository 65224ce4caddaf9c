"""Epoch times of the methods of `common.losses`: each against "kd", and all side by side."""

from common.benchmark import keras_contenders, rows, timing
from common.benchmark.rows import Row
from common.distillation import MULTI_LABEL, TEACHERLESS


def methods(task, repeats):
    """Rows of a student by each method, against "kd"; then of all side by side with the baseline.

    Args:
        task: tasks.Task.
        repeats: timed epochs of each contender.
    """
    from common.losses import LOSSES

    names = [name for name in LOSSES if name not in TEACHERLESS + MULTI_LABEL]
    dataset = task.dataset()
    runs = {name: task.method_run(name) for name in names}
    calls = {name: keras_contenders.train(task, dataset, [run]) for name, run in runs.items()}
    together = [*runs.values(), task.baseline_run()]
    calls["side by side"] = keras_contenders.train(task, dataset, together)
    calls["plain"] = keras_contenders.plain(task, dataset, together)
    seconds = {
        name: rows.scale_to_epoch(values, task)
        for name, values in timing.interleaved(calls, repeats).items()
    }
    for name in names[1:]:
        what = f"{task.student} distilled by {name}, against kd"
        yield Row(what, seconds[name], seconds["kd"], "s", "more", "at most 5 % longer")
    what = f"{len(names)} methods and the baseline side by side, against {len(together)} plain fits"
    yield Row(what, seconds["side by side"], seconds["plain"], "s", "more", "at most 8 % longer")
