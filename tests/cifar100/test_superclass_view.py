"""Shares within superclasses, against sums written out by hand."""

import numpy as np
import pytest

from cifar100 import superclasses
from common import results

COARSE = (0, 0, 1, 1, 1)


def by_hand(logits, labels, temperature):
    shares = []
    for row, label in zip(logits, labels, strict=True):
        wrong = [c for c in range(5) if c != label]
        weights = {c: np.exp(row[c] / temperature) for c in wrong}
        inside = sum(weights[c] for c in wrong if COARSE[c] == COARSE[label])
        shares.append(inside / sum(weights.values()))
    return np.mean(shares)


@pytest.mark.parametrize("temperature", [0.5, 1, 4, 1000])
def test_dark_share_by_hand(temperature):
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(0, 3, (20, 5)), rng.integers(0, 5, 20)
    ours = superclasses.dark_share(logits, labels, COARSE, temperature)
    assert ours == pytest.approx(by_hand(logits, labels, temperature))


def test_dark_share_forgets_the_label_and_flattens_to_chance():
    logits = np.zeros((1, 5))
    logits[0, 2] = 500.0  # a teacher so sure that its softmax is one-hot
    assert superclasses.dark_share(logits, [2], COARSE) == pytest.approx(2 / 4)
    assert logits[0, 2] == 500.0


def group(wrong, predictions, images=6):
    records = [
        {
            "run": "r",
            "seed": seed,
            "configuration": {"dataset": "d", "limit": None, "teacher": None},
            "images": {"test": images},
            "test": {"wrong": w, "wrong_answers": p},
        }
        for seed, (w, p) in enumerate(zip(wrong, predictions, strict=True))
    ]
    return results.group_seeds(records)[0]


def test_error_shares_of_each_seed():
    labels = np.array([0, 1, 2, 3, 4, 0])
    # first seed: rows 0 and 2 predicted as 1 (inside) and 0 (outside); second seed: all inside
    shares = superclasses.error_shares(
        group([[0, 2], [2, 3, 4]], [[1, 0], [3, 4, 2]]), labels, COARSE
    )
    assert shares.tolist() == [0.5, 1.0]
    with pytest.raises(ValueError, match="other than these 5 images"):
        superclasses.error_shares(group([[0]], [[1]]), labels[:5], COARSE)
    bare = group([[0]], [[1]])
    del bare.seeds[0]["test"]["wrong_answers"]
    with pytest.raises(ValueError, match="has no wrong predictions"):
        superclasses.error_shares(bare, labels, COARSE)


def test_figure_and_finding():
    finding = superclasses.finding(0.25, np.array([0.31, 0.32]), np.array([0.30, 0.30]))
    assert finding.startswith("25 % of the dark knowledge at T = 1")
    assert "share of errors there is 1.5 points higher than the baseline's (p = " in finding
    figure = superclasses.figure(
        np.array([0.5, 1.0, 20.0]),
        np.array([0.4, 0.25, 0.1]),
        {"distilled": ("distilled", [0.31, 0.32])},
        finding,
    )
    (axes,) = figure.axes
    assert axes.lines[0].get_ydata().tolist() == [40, 25, 10]
    assert axes.lines[1].get_ydata()[0] == pytest.approx(31.5)
