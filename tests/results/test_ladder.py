"""Ladder of controls: shares of the gain by hand, and their intervals by SciPy."""

import dataclasses

import numpy as np
import pytest
from scipy import stats

from common import results
from common.distillation import LADDER, Distillation
from tests.results.test_tables import STUDENT, TEACHER, by, group

FULL = Distillation(4, 0.9)
ERRORS = {  # of four seeds; the full gain is 40, not alike in all
    None: [48, 60, 72, 60],
    "smoothing": [90, 88, 92, 90],
    "class_mean": [80, 82, 79, 79],
    "same_class": [82, 84, 80, 82],
    "permuted": [88, 92, 90, 90],
    "shuffled": [140, 150, 160, 150],
}
BASELINE = [98, 100, 102, 100]


def taught(errors, **settings):
    distillation = dataclasses.replace(FULL, **settings)
    return group(STUDENT, errors, **by(TEACHER) | {"distillation": distillation})


@pytest.fixture
def groups():
    rungs = [taught(errors, control=control) for control, errors in ERRORS.items()]
    return [group(STUDENT, BASELINE), *rungs]


def test_shares_of_the_gain(groups):
    ladder = results.Ladder(groups)
    assert ladder.gain == 40 and set(ladder.groups) == {"baseline", None, *LADDER}
    full = ladder.share(None)
    assert full.mean == 1 and np.isnan([full.low, full.high]).all()
    full = np.array(BASELINE) - ERRORS[None]
    for control in LADDER:
        gains, share = np.array(BASELINE) - ERRORS[control], ladder.share(control)
        assert share.mean == pytest.approx(gains.mean() / 40) and share.low < share.mean
        for bound in (share.low, share.high):  # the ratios that a t-test just rejects
            assert stats.ttest_1samp(gains - bound * full, 0).pvalue == pytest.approx(0.05)


def test_parts_add_up_to_the_gain(groups):
    parts = results.Ladder(groups).parts()
    means = {part: share.mean for part, share in parts.items()}
    assert means == pytest.approx(
        {"confidence": 0.25, "class similarity": 0.25, "the image itself": 0.5}
    )
    assert sum(means.values()) == pytest.approx(1)
    finding = results.Ladder(groups).finding()
    assert finding.startswith("of 40 errors fewer: confidence 25 % (")
    assert results.Ladder(groups).rows()["the image itself"][:2] == ("distilled", pytest.approx(50))


def test_table_from_the_labels_to_the_full_teacher(groups):
    _, _, *rows = results.Ladder(groups[::-1]).table().splitlines()
    labels = [row.split(" | ")[0].strip("| ") for row in rows]
    assert labels[0] == "labels only" and labels[-1] == "full teacher" and len(labels) == 7
    cells = rows[1].split(" | ")
    assert cells[:4] == [
        "| mean confidence (label smoothing)",
        "90.0 ± 1.6",
        "55.00 ± 0.82",
        "25 %",
    ]
    shuffled = rows[labels.index("logits of any image")].split(" | ")
    assert shuffled[3] == "-125 %"
    groups[-1] = taught([500, 500, 501, 501], control="shuffled")
    assert "| -10.0 times |" in results.Ladder(groups).table()


def test_other_settings_are_no_rungs(groups):
    others = [taught([1] * 4, temperature=8), taught([1] * 4, temperature=8, control="permuted")]
    with pytest.raises(ValueError, match="one group of the full teacher, got 1 and 2"):
        results.Ladder(groups + others)
    ladder = results.Ladder(groups + others, FULL)
    assert ladder.groups["permuted"].values("errors").tolist() == ERRORS["permuted"]


def test_a_further_seed_of_the_baseline_does_not_count(groups):
    groups[0] = group(STUDENT, [*BASELINE, 900])
    ladder = results.Ladder(groups)
    assert ladder.groups["baseline"].values("errors").tolist() == BASELINE
    assert ladder.gain == 40


def test_parts_are_of_the_seeds_that_all_have(groups):
    groups[2] = taught(ERRORS["smoothing"][:2], control="smoothing")
    ladder, parts = results.Ladder(groups), results.Ladder(groups).parts()
    assert sum(share.mean for share in parts.values()) == pytest.approx(1)
    assert ladder.gain == np.mean([50, 40])
    assert parts["confidence"].mean == pytest.approx((8 + 12) / (50 + 40))
    assert ladder.share("class_mean").mean == pytest.approx(0.5)  # of all four
    assert ladder.finding().startswith("of 45 errors fewer (seeds 0, 1): ")
    groups[2] = groups[2].of_seeds({0})
    groups[3] = groups[3].of_seeds({1})
    disjoint = results.Ladder(groups)
    assert disjoint.parts() == {} and "no seed in common" in disjoint.finding()


def test_without_a_gain_there_are_no_shares(groups):
    ladder = results.Ladder([groups[0], taught([120, 121, 122, 123])])
    assert ladder.finding() == "no gain to be shared: the full teacher does not help"
    assert np.isnan(ladder.share(None).mean) and "| full teacher | 121.5" in ladder.table()
