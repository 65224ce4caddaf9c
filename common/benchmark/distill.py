"""Distillation beside Keras's own, a PyTorch loop and plain training: one table of ratios."""

import dataclasses
import importlib.util
import statistics
from importlib import metadata

from common.benchmark import engine, peers, rows, tables, timing
from common.benchmark.rows import Row
from common.benchmark.tasks import Task
from common.checks import require_at_least

TEMPERATURES = (1.0, 2.0, 4.0, 8.0, 20.0)
LONGER = 5  # times the steps where no teacher is asked: else a fit's beginning would count
ASKED = 80  # batches of images in the logits file: in fewer what is done once would count
MNIST = Task("resnet164", "cnn", (28, 28, 1), 10, batch_size=128, steps=40)
CIFAR = Task("resnet110", "resnet20", (32, 32, 3), 100, 64, 128, "crop_flip")


def add_arguments(parser):
    parser.add_argument("--repeats", type=int, default=5, help="timed epochs each; default: 5")
    parser.add_argument("--steps", type=int, help="of an epoch that is timed, instead of 40")
    parser.add_argument(
        "--small", action="store_true", help="tiny nets, to see that all of it runs; GPU part too"
    )
    parser.add_argument("--write", action="store_true", help="keep the rows for README's table")
    parser.add_argument(
        "--without-pytorch", action="store_true", help="keep the others' rows where it is missing"
    )


def run(options):
    """Print the table, row by row; each ratio is the median of interleaved repeats.

    Raises:
        ValueError: repeats or steps below 1; `--write` of tiny nets.
    """
    _check(options)
    from common import machine, quiet
    from common.backend import keras

    quiet.retracing()
    print(f"{machine.device()}, Keras {keras.__version__} on {keras.config.backend()}")
    if not importlib.util.find_spec("torch"):
        print("PyTorch is not installed, so its rows are missing: pip install -e .[extra]")
    print(f"\n| {' | '.join(('what, against what', *rows.HEADER))} |")
    print("| --- | ---: | ---: | ---: | --- |")
    found, made_with = [], _made_with(options)  # before measuring: HEAD may move meanwhile
    for row in measured(options, on_gpu=machine.gpu_memory() > 0):
        print(f"| {' | '.join(row.cells())} |", flush=True)
        found.append(row)
    if options.write:
        tables.keep(made_with, found)


def _made_with(options):
    from common import machine

    made = machine.description()
    if importlib.util.find_spec("torch"):
        made["versions"]["torch"] = metadata.version("torch")
    return made | {"repeats": options.repeats, "steps": options.steps or MNIST.steps}


def _check(options):
    require_at_least("repeats", options.repeats, 1)
    if options.steps is not None:
        require_at_least("steps", options.steps, 1)
    if options.small and options.write:
        raise ValueError("--small times nothing worth keeping: leave out --write")
    if options.write and not importlib.util.find_spec("torch") and not options.without_pytorch:
        raise ValueError(
            "PyTorch is not installed, so its rows would be missing: pip install -e .[extra], or "
            "keep the others with --without-pytorch"
        )


def measured(options, on_gpu):
    """Yield each Row as soon as it is measured."""
    task = dataclasses.replace(MNIST, steps=options.steps or MNIST.steps)
    if options.small:
        task = dataclasses.replace(task, teacher="resnet8", student_options={"width": 0.1})
    yield from epochs(task, options.repeats)
    longer = dataclasses.replace(task, steps=LONGER * task.steps)
    yield from engine.stack(longer, TEMPERATURES, options.repeats)
    asked = task if options.small else dataclasses.replace(task, steps=ASKED)
    yield from engine.logits_file(asked, options.repeats)
    yield from engine.start(options.repeats)
    if on_gpu or options.small:
        for batch_size in (64, 512):
            large = dataclasses.replace(CIFAR, batch_size=batch_size, steps=CIFAR.steps * 64)
            large = dataclasses.replace(large, steps=max(1, large.steps // batch_size))
            if options.small:
                large = dataclasses.replace(
                    large, teacher="resnet8", student="resnet8", batch_size=8, steps=2
                )
            yield from on_device(large, options.repeats)


def epochs(task, repeats):
    """An epoch beside the peers', five temperatures beside theirs, and what a teacher adds."""
    seconds, asking = _of_contenders(task, repeats)
    for name in asking:
        what = f"epoch of {task.student} taught by {task.teacher}, against {name}"
        yield Row(what, seconds["one"], seconds[name], "s", "times", "10 times as fast")
        fivefold = [len(TEMPERATURES) * value for value in seconds[name]]
        what = f"five temperatures side by side, against five runs of {name}"
        yield Row(what, seconds["five"], fivefold, "s", "times", "10 times as fast")
    for own, other, what in (
        ("one", "plain", "one distilled student, against plain fit"),
        ("five", "five plain", "five students side by side, against five plain fits"),
    ):
        yield Row(what, seconds[own], seconds[other], "s", "more", "at most 5 % longer")


def _of_contenders(task, repeats):
    """({name: lists of seconds an epoch}, names of the peers, of Distiller's the best alone)."""
    from common.benchmark import distillers

    longer = dataclasses.replace(task, steps=LONGER * task.steps)
    dataset = longer.dataset()
    calls = {
        "one": distillers.ours(longer, dataset, [4.0]),
        "plain": distillers.plain(longer, dataset, [4.0]),
        "five": distillers.ours(longer, dataset, TEMPERATURES),
        "five plain": distillers.plain(longer, dataset, TEMPERATURES),
    }
    asking = peers.every(task, task.dataset())
    measured = timing.interleaved(calls | asking, repeats)
    seconds = {
        name: rows.of_epoch(values, task if name in asking else longer)
        for name, values in measured.items()
    }
    alone = [name for name in asking if name.startswith(peers.DISTILLER)]
    best = min(alone, key=lambda name: statistics.median(seconds[name]))
    return seconds, [best, *(name for name in asking if name not in alone)]


def on_device(task, repeats):
    """On a GPU, with views: the share of the bare step's rate, and against PyTorch's loop."""
    from common.benchmark import distillers

    dataset = task.dataset()
    calls = {
        "ours": distillers.ours(task, dataset, [4.0]),
        "bare": distillers.bare(task, dataset),
    } | peers.pytorch(task, dataset)
    seconds = timing.interleaved(calls, repeats)
    what = f"{task.student} taught by {task.teacher}, {task.views}, batch {task.batch_size}"
    rates = {name: rows.rates(values, task.images) for name, values in seconds.items()}
    ours, bare = rates.pop("ours"), rates.pop("bare")
    bare_step = f"{what}, against its bare step without a teacher"
    yield Row(bare_step, ours, bare, "images/s", "share", "85 %")
    for name, theirs in rates.items():
        against = f"{what}, against {name}"
        yield Row(against, ours, theirs, "images/s", "times", "3 times as fast")
