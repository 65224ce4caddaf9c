"""Distillation beside Keras's own, a PyTorch loop and plain training: one table of ratios."""

import dataclasses
import importlib.util
import statistics
import tempfile

from common.benchmark import timing
from common.benchmark.tasks import Task
from common.checks import require_at_least

EPOCH = 50_000  # images of MNIST's and of CIFAR-100's training split, about
TEMPERATURES = (1.0, 2.0, 4.0, 8.0, 20.0)
LONGER = 5  # times the steps without a teacher: Keras ends each fit with up to half a second idle
MNIST = Task("resnet164", "cnn", (28, 28, 1), 10, batch_size=128, steps=40)
CIFAR = Task("resnet110", "resnet20", (32, 32, 3), 100, 64, 128, "crop_flip")


def add_arguments(parser):
    parser.add_argument("--repeats", type=int, default=5, help="timed epochs each; default: 5")
    parser.add_argument("--steps", type=int, help="of an epoch that is timed, instead of 40")
    parser.add_argument(
        "--small", action="store_true", help="tiny nets, to see that all of it runs; GPU part too"
    )


def run(options):
    """Print the table, row by row; each ratio is the median of interleaved repeats.

    Raises:
        ValueError: repeats or steps below 1.
    """
    require_at_least("repeats", options.repeats, 1)
    if options.steps is not None:
        require_at_least("steps", options.steps, 1)
    from common import machine, quiet
    from common.backend import keras

    quiet.retracing()
    print(f"{machine.device()}, Keras {keras.__version__} on {keras.config.backend()}")
    if not importlib.util.find_spec("torch"):
        print("PyTorch is not installed, so its rows are missing: pip install -e .[extra]")
    print(f"\n| {' | '.join(HEADER)} |\n| --- | ---: | ---: | ---: | --- |")
    for row in rows(options, on_gpu=machine.gpu_memory() > 0):
        print(f"| {' | '.join(row)} |", flush=True)


HEADER = ("what, against what", "ours", "theirs", "ratio", "aim")


def rows(options, on_gpu):
    """Rows of cells, each as soon as it is measured."""
    task = dataclasses.replace(MNIST, steps=options.steps or MNIST.steps)
    if options.small:
        task = dataclasses.replace(task, teacher="resnet8", student_options={"width": 0.1})
    yield from epochs(task, options.repeats)
    yield from stack(task, options.repeats)
    yield from logits_file(task, options.repeats)
    yield from start(options.repeats)
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
        what = f"epoch of {task.student} taught by {task.teacher}, {name}"
        yield _row(what, seconds["one"], seconds[name], "10 times faster")
        fivefold = [len(TEMPERATURES) * value for value in seconds[name]]
        what = f"five temperatures side by side, five runs of {name}"
        yield _row(what, seconds["five"], fivefold, "10 times faster")
    for own, other, what in (
        ("one", "plain", "distilled student, plain fit"),
        ("five", "five plain", "five students side by side, five plain fits"),
    ):
        yield _overhead(what, seconds[own], seconds[other], _SECONDS, "at most 5 % longer")


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
    asking = peers(task, task.dataset())
    measured = timing.interleaved(calls | asking, repeats)
    seconds = {
        name: _of_epoch(values, task if name in asking else longer)
        for name, values in measured.items()
    }
    alone = [name for name in asking if name.startswith("Distiller")]
    best = min(alone, key=lambda name: statistics.median(seconds[name]))
    return seconds, [best, *(name for name in asking if name not in alone)]


def _of_epoch(seconds, task):
    """Seconds of a whole epoch, from those of a task's steps."""
    return [value * EPOCH / task.images for value in seconds]


def peers(task, dataset):
    """{name: an epoch} of Keras's Distiller with and without XLA, and PyTorch where it is."""
    from common.backend import keras
    from common.benchmark import distillers

    settings = (False, True) if keras.config.backend() == "tensorflow" else (True,)
    calls = {
        f"Distiller{', XLA' * jit}": distillers.distiller(task, dataset, jit) for jit in settings
    }
    return calls | pytorch(task, dataset)


def pytorch(task, dataset):
    """{"PyTorch loop": an epoch} where PyTorch is installed, else {}."""
    if not importlib.util.find_spec("torch"):
        return {}
    from common.benchmark import torch_distillers

    return {"PyTorch loop": torch_distillers.epoch(task, dataset)}


def stack(task, repeats):
    """Five two-layer nets as one batched net, beside the same side by side."""
    from common.benchmark import distillers
    from common.side_by_side import SideBySide
    from common.stacked import Stacked

    small = {"student_options": {"width": 16}} if task.student_options else {}
    task = dataclasses.replace(task, student="mlp", **small)
    kinds = {"ours": Stacked, "theirs": SideBySide}
    calls = {
        name: distillers.ours(task, task.dataset(), TEMPERATURES, kind)
        for name, kind in kinds.items()
    }
    seconds = timing.interleaved(calls, repeats)
    ours, theirs = (_of_epoch(seconds[name], task) for name in kinds)
    what = "five two-layer nets as one stack, side by side"
    yield _row(what, ours, theirs, "several times, on a GPU")


def logits_file(task, repeats):
    """Making a teacher's logits file beside bare `predict` of the same images."""
    from common import teachers

    dataset = task.dataset()
    model = task.teacher_model()

    def make():
        with tempfile.TemporaryDirectory() as folder:
            teachers.make(f"{folder}/logits", model, dataset, "benchmark-0-seed0")

    def predict():
        model.predict(dataset.train.images, batch_size=500, verbose=0)

    seconds = timing.interleaved({"ours": make, "theirs": predict}, repeats)
    rates = [timing.rates(values, task.images)[0] for values in seconds.values()]
    ratio = timing.ratio(seconds["theirs"], seconds["ours"])
    what = f"logits file of {task.teacher}, bare predict"
    yield what, *(f"{rate:.0f} images/s" for rate in rates), f"{100 * ratio:.0f} %", "95 %"


def start(repeats):
    """A process's first step and memory, beside plain Keras."""
    from common.benchmark import start

    measured = {kind: [] for kind in ("ours", "plain")}
    for _ in range(min(repeats, 3)):
        for kind, values in measured.items():
            values.append(start.measure(kind))
    (ours, memory), (plain, plain_memory) = (zip(*both, strict=True) for both in measured.values())
    yield _overhead("command to first step, plain fit", ours, plain, _SECONDS, "")
    gigabytes = lambda value: f"{value / 1e9:.2f} GB"  # noqa: E731
    yield _overhead("peak of memory, plain fit", memory, plain_memory, gigabytes, "")


def on_device(task, repeats):
    """On a GPU, with views: the share of the bare step's rate, and against PyTorch's loop."""
    from common.benchmark import distillers

    dataset = task.dataset()
    calls = {
        "ours": distillers.ours(task, dataset, [4.0]),
        "bare": distillers.bare(task, dataset),
    } | pytorch(task, dataset)
    seconds = timing.interleaved(calls, repeats)
    what = f"{task.student} taught by {task.teacher}, {task.views}, batch {task.batch_size}"
    ours, bare, *others = (
        f"{timing.rates(values, task.images)[0]:.0f} images/s" for values in seconds.values()
    )
    share = 100 * timing.ratio(seconds["bare"], seconds["ours"])
    yield f"{what}, its bare step without a teacher", ours, bare, f"{share:.0f} %", "85 %"
    for other in others:
        times = timing.ratio(seconds["PyTorch loop"], seconds["ours"])
        yield f"{what}, PyTorch loop", ours, other, f"{times:.1f} times faster", "3 times faster"


_SECONDS = "{:.1f} s".format


def _row(what, ours, theirs, aim):
    medians = (_SECONDS(statistics.median(values)) for values in (ours, theirs))
    return what, *medians, f"{timing.ratio(theirs, ours):.1f} times faster", aim


def _overhead(what, ours, theirs, cell, aim):
    medians = (cell(statistics.median(values)) for values in (ours, theirs))
    return what, *medians, f"{100 * (timing.ratio(ours, theirs) - 1):+.0f} %", aim
