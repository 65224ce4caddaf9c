"""A row of the distillation benchmark: what is compared, both medians, their ratio, the aim."""

import statistics

from common.benchmark import timing

HEADER = ("what, against what", "ours", "theirs", "ratio", "aim")
EPOCH = 50_000  # images of MNIST's and of CIFAR-100's training split, about
seconds_cell = "{:.1f} s".format


def of_epoch(seconds, task):
    """Seconds of a whole epoch, from those of a task's steps."""
    return [value * EPOCH / task.images for value in seconds]


def faster(what, ours, theirs, aim):
    """How many times `theirs` (seconds of each repeat) is `ours`."""
    medians = (seconds_cell(statistics.median(values)) for values in (ours, theirs))
    return what, *medians, f"{timing.ratio(theirs, ours):.1f} times faster", aim


def overhead(what, ours, theirs, cell, aim):
    """By how many % `ours` exceeds `theirs`; `cell` writes a value."""
    medians = (cell(statistics.median(values)) for values in (ours, theirs))
    return what, *medians, f"{100 * (timing.ratio(ours, theirs) - 1):+.0f} %", aim
