"""Methods tuned alike: choice by the selection seeds' validation, comparison by fresh seeds."""

import numpy as np
import pytest
from scipy import stats

from common import experiments, metrics, results
from common.distillation import Distillation
from common.experiments.method_grids import around
from tests.results.test_tables import STUDENT, TEACHER, by, group

SELECTION = (5, 6)
KD = around("KD", Distillation(4, hard_weight=0.1, soft_weight=0.9))
NKD = around("NKD", Distillation(3, hard_weight=1, soft_weight=1, method="nkd"))
GRIDS = {"kd": KD, "nkd": NKD}


def records(distillation, validation, errors=None):
    """Group with selection seeds of these validation errors and, if tested, three fresh seeds."""
    settings = by(TEACHER) | {"distillation": distillation}
    whole = group(STUDENT, [*(errors or [0, 0, 0]), 9, 9, 9, 9], **settings)
    otherwise = 100 - 10 * validation  # the fresh seeds' validation errors must not count
    for seed, record in whole.seeds.items():
        record["validation"] = {"errors": validation if seed in SELECTION else otherwise}
    return whole.of_seeds(SELECTION if errors is None else (0, 1, 2, *SELECTION))


@pytest.fixture
def groups():
    chosen = {"kd": KD.settings[8], "nkd": NKD.settings[0]}
    errors = {"kd": [50, 52, 54], "nkd": [40, 43, 43]}
    made = [group(STUDENT, [60, 61, 62])]
    for name, grid in GRIDS.items():
        for each in grid.settings:
            tested = {chosen[name]: errors[name], grid.published: [56, 56, 56]}
            hit = [values for key, values in tested.items() if key == each]
            made.append(records(each, 5 if each == chosen[name] else 10, *hit))
    return made


def test_choice_and_fresh_seeds(groups):
    methods = results.tuned_methods(groups, STUDENT, TEACHER, GRIDS, SELECTION)
    assert methods["kd"].chosen.distillation == KD.settings[8]
    assert methods["nkd"].chosen.distillation == NKD.settings[0]
    assert methods["nkd"].published.distillation == NKD.published
    assert set(methods["kd"].chosen.seeds) == set(methods["kd"].published.seeds) == {0, 1, 2}
    assert methods["nkd"].chosen.values("errors").tolist() == [40, 43, 43]


def test_a_method_with_missing_runs_is_left_out(groups):
    methods = results.tuned_methods(groups[:-1], STUDENT, TEACHER, GRIDS, SELECTION)
    assert list(methods) == ["kd"]


def test_a_method_with_a_missing_seed_is_left_out(groups):
    """The others' means are over other seeds: they cannot be compared."""
    last = groups[-1]
    fewer = last.of_seeds(set(last.seeds) - set(SELECTION[:1]))
    methods = results.tuned_methods([*groups[:-1], fewer], STUDENT, TEACHER, GRIDS, SELECTION)
    assert list(methods) == ["kd"]


def test_table_and_finding(groups):
    methods = results.tuned_methods(groups, STUDENT, TEACHER, GRIDS, SELECTION)
    options = {"step_times": {"nkd": "+1 %"}, "baseline": groups[0]}
    header, _, labels, kd, nkd = results.methods_table(methods, **options).splitlines()
    assert labels == "| labels only |  | 61.0 ± 1.0 | 69.50 ± 0.50 |" + "  |" * 7
    assert header.endswith("| time per step, against KD |")
    assert kd.startswith("| KD | T = 8, 0.1 : 2.7 (corner) | 52.0 ± 2.0 | 74.00 ± 1.00 |  |  |  |")
    low, high = stats.ttest_rel([50, 52, 54], [40, 43, 43]).confidence_interval(0.95)
    assert f"| +10.0 | {low:+.1f} to {high:+.1f} | 0.0033 |" in nkd
    assert nkd.endswith("| 56.0 ± 0.0 | +14.0 | 0.0051 | +1 % |")
    mean, *interval, p = results.differences(methods)["nkd"]
    assert (mean, *interval) == pytest.approx((10, low, high)) and p == pytest.approx(0.0033, 0.01)
    assert results.methods_finding(methods) == "NKD beats tuned KD"
    alike = {"kd": methods["kd"], "nkd": methods["kd"]}
    assert results.methods_finding(alike) == "none of 1 methods beats tuned KD"
    both = methods | {"dkd": methods["nkd"]}
    assert results.methods_finding(both) == "NKD and NKD beat tuned KD"
    worse = {"kd": methods["nkd"], "nkd": methods["kd"]}
    assert results.methods_finding(worse) == (
        "none of 1 methods beats tuned KD; 1 of 1 makes significantly more errors"
    )
    assert results.tuning_finding(methods) == (
        "the choice of settings saves between +4.0 (KD) and +14.0 errors (NKD)"
    )


def test_nothing_is_shown_without_runs(groups):
    assert results.methods_table({}) == "" and results.differences({}) == {}
    methods = results.tuned_methods(groups, STUDENT, TEACHER, GRIDS, SELECTION)
    assert results.differences({"nkd": methods["nkd"]}) == {}
    assert experiments.methods_tables(groups[:1], STUDENT, [TEACHER]) == ""


def test_holm_against_hand_computed_values():
    """Holm 1979; 0.01 · 4, 0.02 · 3, 0.03 · 2 raised to its forerunner, 0.9 · 1."""
    adjusted = metrics.holm([0.03, 0.01, np.nan, 0.9, 0.02])
    np.testing.assert_allclose(adjusted, [0.06, 0.04, np.nan, 0.9, 0.06])
    np.testing.assert_allclose(metrics.holm([0.5, 0.6]), [1, 1])
    assert metrics.holm([]).shape == (0,)


@pytest.mark.parametrize("name", experiments.GRIDS)
def test_every_method_has_nine_distinct_settings_with_the_published_among_them(name):
    grid = experiments.GRIDS[name]
    assert len(set(map(str, grid.settings))) == 9
    assert grid.published in grid.settings
    assert not any(each.is_plain for each in grid.settings)  # no place in the other tables


def test_corners_are_the_ends_of_both_factors():
    corners = [(each.temperature, each.soft_weight) for each in NKD.corners]
    assert corners == [(1.5, 0.333333), (1.5, 3), (6, 0.333333), (6, 3)]
    smoothing = experiments.GRIDS["label_smoothing"]
    whole = {each: each.options["epsilon"] / (1 + each.hard_weight) for each in smoothing.settings}
    assert set(smoothing.corners) == {min(whole, key=whole.get), max(whole, key=whole.get)}


def test_published_settings_are_those_of_the_papers():
    """T, weight of the labels, weight of the loss, options, for CIFAR-100."""
    published = {
        name: (p.temperature, *p.weights, *p.options.values())
        for name, p in ((name, grid.published) for name, grid in experiments.GRIDS.items())
    }
    assert published == {
        "kd": (4, 0.1, 0.9),
        "dkd": (4, 1, 1, 8),
        "dist": (4, 1, 2),
        "ls": (2, 0.1, 9),
        "nkd": (3, 1, 1, 3.5),
        "ttm": (10, 1, 45),
        "wttm": (10, 1, 2.25),
        "label_smoothing": (1, 0, 1, 0.1),
        "self": (4, 0.1, 0.9),
    }
