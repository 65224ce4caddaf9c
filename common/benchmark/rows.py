"""A row of the distillation benchmark: what is compared, all repeats of both, the aim."""

import dataclasses
import statistics

from common.benchmark import timing

EPOCH = 50_000  # images of MNIST's and of CIFAR-100's training split, about
HEADER = ("ours", "theirs", "ratio", "aim")
_DIGITS = {"s": 1, "GB": 2, "images/s": 0}


@dataclasses.dataclass(frozen=True)
class Row:
    """Values of interleaved repeats, and how their ratio is shown.

    Args:
        what: what of ours, against what.
        ours, theirs: lists of one value a repeat.
        unit: `s`, `GB` or `images/s`.
        shown: `times` (how many times faster), `more` (by how many % ours exceeds theirs) or
            `share` (how many % of theirs ours is).
        aim: in words; may be empty.
    """

    what: str
    ours: list
    theirs: list
    unit: str
    shown: str
    aim: str = ""

    def cells(self):
        """Five strings: what, both medians, the median of the repeats' ratios, the aim."""
        medians = (
            f"{statistics.median(values):.{_DIGITS[self.unit]}f} {self.unit}"
            for values in (self.ours, self.theirs)
        )
        return self.what, *medians, self._ratio(), self.aim

    def _ratio(self):
        ratio = timing.ratio(self.ours, self.theirs)
        if self.shown == "more":
            return f"{100 * (ratio - 1):+.0f} %"
        if self.shown == "share":
            return f"{100 * ratio:.0f} %"
        if self.unit == "s":
            ratio = timing.ratio(self.theirs, self.ours)
        return f"{ratio:.1f} times faster"


def of_epoch(seconds, task):
    """Seconds of a whole epoch, from those of a task's steps."""
    return [value * EPOCH / task.images for value in seconds]


def rates(seconds, images):
    """Images a second of each repeat, from its seconds."""
    return [images / value for value in seconds]
