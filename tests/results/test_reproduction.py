"""Reproduction check: prediction intervals against a simulation, rows, verdicts."""

import numpy as np
import pytest
from scipy import stats

from common.results import SeedGroup
from common.results.reproduction import (
    Reproduction,
    disagreements,
    prediction_interval,
    table,
    verdict,
)


def group(*errors):
    records = {
        seed: {"test": {"errors": count, "accuracy": 1 - count / 1000}}
        for seed, count in enumerate(errors)
    }
    return SeedGroup({"model": "cnn"}, records)


@pytest.mark.parametrize(("n", "count", "confidence"), [(5, 5, 0.95), (3, 10, 0.8), (5, 1, 0.99)])
def test_an_interval_holds_as_often_as_it_says(n, count, confidence):
    rng = np.random.default_rng(0)
    old, new = rng.normal(250, 8, (4000, n)), rng.normal(250, 8, (4000, count)).mean(axis=1)
    bounds = np.array([prediction_interval(values, count, confidence) for values in old])
    held = np.mean((bounds[:, 0] <= new) & (new <= bounds[:, 1]))
    assert held == pytest.approx(confidence, abs=4 * np.sqrt(confidence * (1 - confidence) / 4000))


def test_an_interval_by_hand():
    low, high = prediction_interval([1, 3], 2, 0.5)  # t of one degree of freedom at 75 % is 1
    assert (low, high) == pytest.approx((2 - np.sqrt(2), 2 + np.sqrt(2)))


def test_intervals_of_several_rows_hold_together():
    errors = [250, 240, 260, 245, 255]
    row = Reproduction("x", None, group(*errors), group(250, 250))
    deviation = np.std(errors, ddof=1) * np.sqrt(1 / 5 + 1 / 2)
    for rows in (1, 4):
        expected = stats.t.interval(1 - 0.01 / rows, 4, 250, deviation)  # 99 % in all
        assert row.interval(rows) == pytest.approx(expected)


def test_a_mean_within_the_seeds_spread_agrees_and_another_does_not():
    committed = group(250, 240, 260, 245, 255)
    same = Reproduction("same", 97.0, committed, group(251, 241, 259, 246, 254))
    worse = Reproduction("worse", None, committed, group(350, 340, 360, 345, 355))
    assert same.agrees() and worse.agrees() is False
    assert disagreements([same, worse]) == [worse]
    assert verdict([same]).startswith("All 1 means lie in the 99% prediction intervals")
    assert verdict([same, worse]).endswith("2 rows together: worse.")
    text = table([same, worse], "mnist").splitlines()
    assert "| yes |" in text[2] and "| NO |" in text[3]
    assert text[2].startswith("| same | 97.00 | 75.00 ± 0.79 | 74.98 ")


def test_equal_errors_of_equal_seeds_agree():
    assert Reproduction("x", None, group(3, 3), group(3, 3)).agrees()


@pytest.mark.parametrize(
    ("committed", "reproduced", "reason"),
    [
        (None, group(3), "no committed run of this recipe and data"),
        (group(3), group(3), "one committed seed has no standard deviation"),
        (group(3, 4), None, "not trained"),
    ],
)
def test_rows_that_cannot_be_compared_say_why(committed, reproduced, reason):
    row = Reproduction("x", None, committed, reproduced)
    assert row.agrees() is None and not disagreements([row])
    assert reason in table([row], "mnist")
    assert verdict([row]) == "No row can be compared with a committed one."
