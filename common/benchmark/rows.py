"""Rows of the distillation benchmark: the two sides, all repeats of both, the aim."""

import dataclasses
import statistics

from common.benchmark import timing
from common.utils.checks import require_at_least, require_choice

EPOCH = 50_000  # images, about the training split of MNIST and of CIFAR-100
HEADER = ("ours", "theirs", "ratio", "aim")
_DIGITS = {"s": 1, "ms": 2, "GB": 2, "images/s": 0}
_RATE = "images/s"  # the only unit in which more is better


@dataclasses.dataclass(frozen=True)
class Row:
    """Values of interleaved repeats, and the form of their ratio.

    Args:
        what: the two sides, such as "one distilled student, against plain fit".
        ours, theirs: lists of one value per repeat.
        unit: `s`, `ms`, `GB` or `images/s`.
        shown: form of the ratio: `times` (how many times as fast), `more` (by how many % ours
            exceeds theirs), `share` (how many % of theirs ours is) or `difference` (how many units
            ours exceeds theirs).
        aim: in words; may be empty.

    Raises:
        ValueError: an unknown unit or form.
    """

    what: str
    ours: list
    theirs: list
    unit: str
    shown: str
    aim: str = ""

    def __post_init__(self):
        require_choice("unit", self.unit, _DIGITS)
        require_choice("form of a ratio", self.shown, _RATIOS)

    def cells(self):
        """Five strings: what, both medians, the median of the repeats' ratios, the aim."""
        medians = (
            f"{statistics.median(values):.{_DIGITS[self.unit]}f} {self.unit}"
            for values in (self.ours, self.theirs)
        )
        return self.what, *medians, _RATIOS[self.shown](self), self.aim


def _times(row):
    both = (row.ours, row.theirs) if row.unit == _RATE else (row.theirs, row.ours)
    return f"{timing.ratio(*both):.1f} times as fast"


def _more(row):
    return f"{round(100 * (timing.ratio(row.ours, row.theirs) - 1)):+d} %"


def _share(row):
    return f"{100 * timing.ratio(row.ours, row.theirs):.0f} %"


def _difference(row):
    median = statistics.median(a - b for a, b in zip(row.ours, row.theirs, strict=True))
    return f"{median:+.{_DIGITS[row.unit]}f} {row.unit}"


_RATIOS = {"times": _times, "more": _more, "share": _share, "difference": _difference}


def check(options, parts):
    """Raise ValueError for unknown parts, repeats below 1, or `--write` of a check."""
    for part in options.parts:
        require_choice("part", part, parts)
    require_at_least("repeats", options.repeats, 1)
    if options.small and options.write:
        raise ValueError("--small is only a check, its times are not saved: leave out --write")


def print_table(title, parts, options):
    """Print a Markdown table row by row, as its rows are measured; yield each Row once printed.

    Args:
        title: first cell of the header.
        parts: {name: function (options) -> iterable of Row}.
        options: argparse.Namespace; its `parts` choose among them, by default all.
    """
    print(f"| {' | '.join((title, *HEADER))} |")
    print("| --- | ---: | ---: | ---: | --- |")
    for part in options.parts or parts:
        for row in parts[part](options):
            print(f"| {' | '.join(row.cells())} |", flush=True)
            yield row


def scale_to_epoch(seconds, task):
    """List of seconds of a full epoch of `EPOCH` images, from those of a task's steps."""
    return [value * EPOCH / task.images for value in seconds]
