"""Prior correction of missing classes, against an equation solver and by hand."""

import numpy as np
import pytest
from scipy import optimize, special

from common import training
from common.data.transfer_sets import TransferSet
from common.runs.model_io import load_model
from common.training import prior_correction


@pytest.fixture(scope="module")
def biased():
    """Correct logits except for classes 2 and 3, which are 6 and 4 too low; their labels."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 5, 2000)
    logits = rng.normal(0, 1, (2000, 5)) + 5 * np.eye(5)[labels]
    return logits - [0, 0, 6, 4, 0], labels


def test_prior_shifts_solve_their_equation(biased):
    logits, _ = biased
    priors = np.array([0.2, 0.2, 0.15, 0.25, 0.2])
    shifts = prior_correction.prior_shifts(logits, priors, [2, 3])

    def gap(pair):
        return (
            special.softmax(logits + np.array([0, 0, *pair, 0]), axis=1).mean(0)[2:4] - priors[2:4]
        )

    solved = optimize.root(gap, [5, 5], tol=1e-10)
    assert solved.success
    np.testing.assert_allclose(shifts, [0, 0, *solved.x, 0], atol=0.01)


def test_shifts_are_added_to_the_missing_classes_only():
    logits = np.array([[2.0, 0.0, 1.0], [2.0, 0.0, -0.95], [0.0, 2.0, 1.35]])
    labels = np.array([2, 2, 1])  # correct from shifts of 1 and 2.95 on; wrong from 0.65 on
    curve = dict(
        zip(
            prior_correction.BIAS_GRID,
            prior_correction.error_curve(logits, labels, [2]),
            strict=True,
        )
    )
    expected = {0: 2, 0.6: 2, 0.7: 3, 1.1: 2, 2.9: 2, 3: 1, 20: 1}
    assert {shift: curve[shift] for shift in expected} == expected


def test_errors_of_each_rule(biased):
    logits, labels = biased
    priors = np.bincount(labels) / len(labels)
    made = prior_correction.evaluate_corrections(logits, logits, labels, priors, [2, 3])
    assert made["images"] == np.isin(labels, [2, 3]).sum()
    for rule in made["rules"].values():
        guess = (logits + rule["shifts"]).argmax(axis=1)
        assert rule["errors"] == (guess != labels).sum()
        missing = np.isin(labels, [2, 3])
        assert rule["errors_on_missing"] == (guess != labels)[missing].sum()
    none, prior, paper = (made["rules"][name]["errors"] for name in ("none", "prior", "paper"))
    assert prior < 0.3 * none and paper < 0.3 * none  # two unequal shifts against one
    assert paper == min(made["curve"]["errors"])


def test_record_of_a_run_with_missing_classes(few, tiny_run, tmp_path):
    runs = [
        tiny_run({"epochs": 1}, transfer_set=TransferSet(classes=(7, 8))),
        tiny_run({"epochs": 1}),
    ]
    two_classes, all_classes = training.run(runs, few, output_dir=tmp_path)
    corrections = two_classes["missing_classes"]
    assert corrections["classes"] == [0, 1, 2, 3, 4, 5, 6, 9]
    assert corrections["rules"]["none"]["errors"] == two_classes["test"]["errors"]
    assert corrections["images"] == np.sum(~np.isin(few.test.labels, (7, 8)))
    validation = load_model(tmp_path, runs[0], few).predict(few.validation.images, verbose=0)
    shifted = validation + np.array(corrections["rules"]["prior"]["shifts"])
    probabilities = special.softmax(shifted, axis=1).mean(axis=0)[corrections["classes"]]
    priors = np.bincount(few.train.labels)[corrections["classes"]] / len(few.train)
    np.testing.assert_allclose(probabilities, priors, rtol=5e-3)
    assert "missing_classes" not in all_classes
