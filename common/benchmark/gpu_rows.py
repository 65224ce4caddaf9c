"""Rows for a GPU: the share of the bare step's rate, what each GPU path gains, several students.

Each part of the benchmark here has no rows without a GPU, unless its networks are tiny.
"""

import dataclasses

from common.benchmark import keras_contenders, rows, timing
from common.benchmark.epoch_times import TEMPERATURES
from common.benchmark.rows import Row
from common.benchmark.tasks import CIFAR, MNIST

# so many steps of 0.3 to 4 ms on a GPU that the fixed costs of a fit do not count
STEPS = {64: 128, 128: 640, 512: 64}
SMALL = {"teacher": "resnet8", "student": "resnet8", "batch_size": 8, "steps": 2}


def views(options):
    """Rows of a student on views, against its bare step and against PyTorch, in two batch sizes."""
    for batch_size in (64, 512):
        for task in _tasks(options, dataclasses.replace(CIFAR, batch_size=batch_size)):
            yield from _views(task, options.repeats)


def paths(options):
    """Rows of data in GPU memory and of several steps per dispatch, each against without."""
    for task in _tasks(options, MNIST, CIFAR):
        yield from _paths(task, options.repeats)


def side_by_side(options):
    """Row of five temperatures side by side, against in turn."""
    for task in _tasks(options, dataclasses.replace(CIFAR, batch_size=512)):
        yield _side_by_side(task, options.repeats)


def _tasks(options, *tasks):
    """The tasks with `STEPS` steps; all tiny with `--small`; none without a GPU."""
    from common.backend import hardware

    if options.small:
        return [dataclasses.replace(task, **SMALL) for task in tasks]
    if not hardware.gpu_memory():
        return []
    return [dataclasses.replace(task, steps=STEPS[task.batch_size]) for task in tasks]


def _views(task, repeats):
    dataset = task.dataset()
    calls = {
        "ours": keras_contenders.ours(task, dataset, [4.0]),
        "bare": keras_contenders.bare(task, dataset),
    } | keras_contenders.pytorch(task, dataset)
    rates = _rates(calls, task, repeats)
    what = f"{task.student} distilled from {task.teacher}, {task.views}, batch {task.batch_size}"
    ours, bare = rates.pop("ours"), rates.pop("bare")
    against = f"{what}, against its bare step without a teacher"
    yield Row(against, ours, bare, "images/s", "share", "85 %")
    for name, theirs in rates.items():
        against = f"{what}, against {name}"
        yield Row(against, ours, theirs, "images/s", "times", "3 times as fast")


def _paths(task, repeats):
    dataset, runs = task.dataset(), task.runs([4.0])
    others = {
        "data in GPU memory, against data from the host": keras_contenders.from_host,
        "several steps per dispatch, against one": keras_contenders.one_step_per_dispatch,
    }
    calls = {"ours": keras_contenders.train(task, dataset, runs)} | {
        what: keras_contenders.train(task, dataset, runs, inputs=inputs)
        for what, inputs in others.items()
    }
    rates = _rates(calls, task, repeats)
    for what in others:
        name = f"{task.student} distilled, batch {task.batch_size}, {what}"
        yield Row(name, rates["ours"], rates[what], "images/s", "times", "1.5 times as fast")


def _side_by_side(task, repeats):
    dataset = task.dataset()
    single = [keras_contenders.ours(task, dataset, [t]) for t in TEMPERATURES]
    calls = {
        "ours": keras_contenders.ours(task, dataset, TEMPERATURES),
        "in turn": lambda: sum(epoch() for epoch in single),
    }
    seconds = timing.interleaved(calls, repeats).values()
    both = (rows.scale_to_epoch(values, task) for values in seconds)
    what = f"five {task.student} side by side, batch {task.batch_size}, against in turn"
    return Row(what, *both, "s", "times")


def _rates(calls, task, repeats):
    """{name: list of images per second of each repeat}."""
    seconds = timing.interleaved(calls, repeats)
    return {name: timing.per_second(values, task.images) for name, values in seconds.items()}
