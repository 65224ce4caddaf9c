"""Ladder of controls: the share of the distillation gain that each control keeps, with intervals.

Each control is a rung of the ladder. The gain of a student is the number of test errors by which
it has fewer than the baseline, paired by seed. A rung's share is its mean gain divided by the mean
gain of the student of the full teacher, with a 95 % interval of this ratio (Fieller 1954).
"""

import dataclasses

import numpy as np

from common import metrics
from common.distillation import LADDER
from common.results import wording
from common.results.groups import select
from common.results.tables import markdown, score_cells

CONTROL_TITLES = {
    None: "full teacher",
    "smoothing": "mean confidence (label smoothing)",
    "class_mean": "mean soft target of the class",
    "same_class": "logits of another image of the class",
    "permuted": "wrong classes permuted",
    "shuffled": "logits of any image",
}
# what the step from one rung to the next adds; "baseline" is the student on labels only
PARTS = (
    ("confidence", "baseline", "smoothing"),
    ("class similarity", "smoothing", "class_mean"),
    ("the image itself", "class_mean", None),
)
COLUMNS = ("test errors", "accuracy %", "share of the gain", "95 % interval", "p against baseline")


@dataclasses.dataclass(frozen=True)
class Share:
    """Share of the distillation gain and its 95 % interval.

    All are nan without a gain; the bounds also where `metrics.ratio_interval` has none, such as
    for one seed, or for the full teacher, whose share is 1.
    """

    mean: float
    low: float
    high: float


class Ladder:
    """Baseline, full teacher and controls of one student at one temperature and weight.

    Args:
        groups: list of SeedGroup of one student and teacher; groups of other settings are ignored.
        distillation: Distillation of the full teacher; None if `groups` has only one.

    Attributes:
        groups: {control, None for the full teacher, or "baseline": SeedGroup}, in the
            order of `CONTROL_TITLES`.

    Raises:
        ValueError: there is no baseline, or not exactly one group of the full teacher.
    """

    def __init__(self, groups, distillation=None):
        baselines = select(groups, teacher=None, method="kd")
        distilled = [group for group in groups if group.teacher]
        full = [g for g in select(distilled, control=None) if _is_wanted(g, distillation)]
        if len(baselines) != 1 or len(full) != 1:
            raise ValueError(
                f"a ladder needs one baseline and one group of the full teacher, got "
                f"{len(baselines)} and {len(full)}"
            )
        self.groups = {"baseline": baselines[0], None: full[0]}
        for control in LADDER:
            wanted = dataclasses.replace(full[0].distillation, control=control)
            if matching := [group for group in distilled if group.distillation == wanted]:
                self.groups[control] = matching[0]
        seeds = set(baselines[0].seeds) & set(full[0].seeds)
        self.groups = {rung: group.of_seeds(seeds) for rung, group in self.groups.items()}

    @property
    def is_complete(self):
        """Whether there is a group for every rung of `PARTS`."""
        return {rung for part in PARTS for rung in part[1:]} <= set(self.groups)

    @property
    def gain(self):
        """Mean of the full teacher's gain, in test errors, over `seeds`."""
        return self._gains("baseline", None, self.seeds).mean()

    @property
    def seeds(self):
        """Set of the seeds that every group of `PARTS` has."""
        rungs = {rung for part in PARTS for rung in part[1:]} & set(self.groups)
        return set.intersection(*(set(self.groups[rung].seeds) for rung in rungs))

    def share(self, rung):
        """`Share` of the gain that a rung keeps: a control, or None for the full teacher."""
        return self._share("baseline", rung, set(self.groups[rung].seeds))

    def parts(self):
        """{part: Share} of those `PARTS` whose rungs have groups; all shares add up to 1.

        They are of `seeds`.
        """
        return {
            part: self._share(before, after, self.seeds)
            for part, before, after in PARTS
            if self.seeds and before in self.groups and after in self.groups
        }

    def _gains(self, before, after, seeds):
        """(seeds,) test errors of `before` minus those of `after`."""
        first, second = (self.groups[rung] for rung in (before, after))
        return first.of_seeds(seeds).values("errors") - second.of_seeds(seeds).values("errors")

    def _share(self, before, after, seeds):
        gains = self._gains(before, after, seeds)
        full = self._gains("baseline", None, seeds)
        if full.mean() <= 0:
            return Share(np.nan, np.nan, np.nan)
        return Share(float(gains.mean() / full.mean()), *metrics.ratio_interval(gains, full))

    def table(self, prefix=""):
        """Markdown table: one row per rung, from the baseline to the full teacher.

        Args:
            prefix: first words of the caption.
        """
        order = [None, *LADDER]
        rungs = sorted((r for r in self.groups if r != "baseline"), key=order.index)
        caption = prefix + wording.caption([self.groups["baseline"]])
        rows = [["labels only", *score_cells(self.groups["baseline"]), "", "", ""]]
        rows += [self._row(rung) for rung in rungs[1:] + rungs[:1]]
        return markdown([caption, *COLUMNS], rows)

    def rows(self):
        """Rows of a figure of the parts: {part: (role, mean, low, high)}, in % of the gain."""
        return {
            part: ("distilled", *(100 * value for value in dataclasses.astuple(share)))
            for part, share in self.parts().items()
        }

    def finding(self):
        """The shares of the parts in a sentence, with their seeds if other groups have more."""
        if not self.seeds:
            return "no shares: the controls have no seed in common"
        if self.gain <= 0:
            return "no gain to be shared: the full teacher does not help"
        shares = [
            f"{part} {_fraction(share.mean)}" + f" ({_interval(share)})" * bool(_interval(share))
            for part, share in self.parts().items()
        ]
        fewer = self.seeds != set(self.groups[None].seeds)
        of_seeds = f" (seeds {', '.join(map(str, sorted(self.seeds)))})" * fewer
        return f"of {self.gain:.0f} errors fewer{of_seeds}: {', '.join(shares)}"

    def _row(self, rung):
        share = self.share(rung)
        gains = self._gains("baseline", rung, set(self.groups[rung].seeds))
        p = metrics.paired_t(gains, np.zeros(len(gains)))[3]
        cells = [_fraction(share.mean), _interval(share)]
        return [CONTROL_TITLES[rung], *score_cells(self.groups[rung]), *cells, wording.p_value(p)]


def _is_wanted(group, distillation):
    return distillation in (None, group.distillation)


def _interval(share):
    return "" if np.isnan(share.low) else f"{_fraction(share.low)} to {_fraction(share.high)}"


def _fraction(value):
    """Such as `25 %`; `-10.0 times` far below 0, empty for nan."""
    if np.isnan(value):
        return ""
    return f"{value:.1f} times" if value < -2 else f"{100 * value:.0f} %"
