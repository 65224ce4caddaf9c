"""Reproduction check: students trained again, beside the committed ones and published numbers.

Two means agree if the new one lies in the prediction interval that the committed seeds give for
the mean of that many further seeds (Student's t; Geisser 1993, "Predictive Inference"). The
intervals of all rows hold together with probability `CONFIDENCE` (Bonferroni).
"""

import dataclasses

import numpy as np
from scipy import stats

from common.results import wording
from common.results.groups import SeedGroup
from common.results.tables import markdown

CONFIDENCE = 0.99
COLUMNS = ("published %", "committed %", "reproduced %")
COLUMNS += ("committed test errors", "reproduced", "allowed mean", "agrees")


@dataclasses.dataclass(frozen=True)
class Reproduction:
    """One row: what is published, committed and reproduced.

    Args:
        label: string.
        published: accuracy in %; None if it was not published.
        committed, reproduced: SeedGroup of the same configuration; None if there is none.
        note: why there is no committed group, in a few words.
    """

    label: str
    published: float | None
    committed: SeedGroup | None
    reproduced: SeedGroup | None
    note: str = "no committed run of this recipe and data"

    def reason(self):
        """Why the row cannot be compared; None if it can."""
        if self.reproduced is None:
            return "not trained again"
        if self.committed is None:
            return self.note
        if len(self.committed.seeds) < 2:
            return "one committed seed has no standard deviation"
        return None

    def interval(self, rows=1):
        """(low, high) of mean test errors that the committed seeds allow, for one of `rows`."""
        errors = self.committed.values("errors")
        return prediction_interval(errors, len(self.reproduced.seeds), 1 - (1 - CONFIDENCE) / rows)

    def agrees(self, rows=1):
        """Whether the reproduced mean lies in `interval`; None if the row cannot be compared."""
        if self.reason():
            return None
        low, high = self.interval(rows)
        return bool(low <= self.reproduced.values("errors").mean() <= high)


def prediction_interval(values, count, confidence):
    """(low, high) for the mean of `count` further values, given (n,) `values` with n > 1.

    mean ± t · sd · sqrt(1/n + 1/count), t the quantile of n - 1 degrees of freedom.
    """
    values = np.asarray(values, float)
    quantile = stats.t.ppf((1 + confidence) / 2, len(values) - 1)
    margin = quantile * values.std(ddof=1) * np.sqrt(1 / len(values) + 1 / count)
    return values.mean() - margin, values.mean() + margin


def comparable(rows):
    """Number of rows that can be compared."""
    return sum(row.reason() is None for row in rows)


def table(rows, caption):
    """Markdown table: published, committed and reproduced side by side; then whether they agree."""
    count = comparable(rows)
    return markdown([caption, *COLUMNS], [_cells(row, count) for row in rows])


def _cells(row, count):
    cells = [row.label, f"{row.published:.2f}" if row.published else ""]
    pair = (row.committed, row.reproduced)
    cells += [wording.mean_sd(g.values("accuracy"), 2, 100) if g else "" for g in pair]
    cells += [wording.mean_sd(g.values("errors")) if g else "" for g in pair]
    if row.reason():
        return [*cells, "", row.reason()]
    low, high = row.interval(count)
    return [*cells, f"{low:.1f} to {high:.1f}", "yes" if row.agrees(count) else "NO"]


def verdict(rows):
    """A sentence that says whether all rows agree and by which test."""
    count, wrong = comparable(rows), [row.label for row in disagreements(rows)]
    if not count:
        return "No row can be compared with a committed one."
    test = (
        f"the {CONFIDENCE:.0%} prediction intervals of the committed seeds, {count} rows together"
    )
    if wrong:
        return f"{len(wrong)} of {count} means lie outside {test}: {'; '.join(wrong)}."
    return f"All {count} means lie in {test}."


def disagreements(rows):
    """The rows whose reproduced mean lies outside the interval of the committed seeds."""
    count = comparable(rows)
    return [row for row in rows if row.agrees(count) is False]
