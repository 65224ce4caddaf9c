"""A row of the distillation benchmark: what is compared, all repeats of both, the aim."""

import dataclasses
import statistics

from common.benchmark import timing
from common.utils.checks import require_choice

EPOCH = 50_000  # images of MNIST's and of CIFAR-100's training split, about
HEADER = ("ours", "theirs", "ratio", "aim")
_DIGITS = {"s": 1, "GB": 2, "images/s": 0}
_RATE = "images/s"  # the only unit of which more is better


@dataclasses.dataclass(frozen=True)
class Row:
    """Values of interleaved repeats, and how their ratio is shown.

    Args:
        what: what of ours, against what.
        ours, theirs: lists of one value a repeat.
        unit: `s`, `GB` or `images/s`.
        shown: `times` (how many times as fast), `more` (by how many % ours exceeds theirs) or
            `share` (how many % of theirs ours is).
        aim: in words; may be empty.

    Raises:
        ValueError: another unit or way to show.
    """

    what: str
    ours: list
    theirs: list
    unit: str
    shown: str
    aim: str = ""

    def __post_init__(self):
        require_choice("unit", self.unit, _DIGITS)
        require_choice("way to show a ratio", self.shown, _RATIOS)

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


_RATIOS = {"times": _times, "more": _more, "share": _share}


def scale_to_epoch(seconds, task):
    """Seconds of a whole epoch, from those of a task's steps."""
    return [value * EPOCH / task.images for value in seconds]
