"""Measures against scipy, scikit-learn, mlxtend and loops written from the definitions."""

import numpy as np
import pytest
from mlxtend.evaluate import mcnemar as mlxtend_mcnemar
from scipy import special, stats
from sklearn.metrics import accuracy_score, average_precision_score, log_loss

from common import metrics
from tests.support.helpers import add_measures

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(0, 2, (400, 10))
LABELS = RNG.integers(10, size=400)
LABELS[::2] = LOGITS[::2].argmax(axis=1)  # half of them right


def test_errors_and_accuracy():
    right = accuracy_score(LABELS, LOGITS.argmax(axis=1), normalize=False)
    assert metrics.errors(LOGITS, LABELS) == 400 - right > 0
    assert metrics.accuracy(LOGITS, LABELS) == pytest.approx(right / 400)
    assert metrics.correct(LOGITS, LABELS).sum() == right


def test_negative_log_likelihood():
    expected = log_loss(LABELS, special.softmax(LOGITS, axis=1), labels=range(10))
    assert metrics.negative_log_likelihood(LOGITS, LABELS) == pytest.approx(expected, rel=1e-9)
    extreme = np.array([[1000.0, 0.0]])
    assert metrics.negative_log_likelihood(extreme, [1]) == pytest.approx(1000)


def calibration_by_loop(logits, labels, bins):
    probabilities = special.softmax(logits, axis=1)
    confidence, hit = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    total = 0.0
    for low in np.arange(bins) / bins:
        inside = (confidence > low) & (confidence <= low + 1 / bins)
        if inside.any():
            gap = abs(hit[inside].mean() - confidence[inside].mean())
            total += inside.sum() / len(labels) * gap
    return total


@pytest.mark.parametrize("bins", [1, 10, 15])
def test_calibration_error(bins):
    expected = calibration_by_loop(LOGITS, LABELS, bins)
    assert metrics.calibration_error(LOGITS, LABELS, bins) == pytest.approx(expected, abs=1e-12)


def test_calibration_error_of_known_cases():
    certain = 1000.0 * np.eye(2)[[0, 0, 0, 0]]
    assert metrics.calibration_error(certain, [0, 0, 0, 0]) == pytest.approx(0)
    assert metrics.calibration_error(certain, [0, 0, 0, 1]) == pytest.approx(0.25)
    assert metrics.calibration_error(np.zeros((4, 2)), [0, 0, 1, 1]) == pytest.approx(0)
    fifteen = calibration_by_loop(LOGITS, LABELS, 15)
    assert metrics.calibration_error(LOGITS, LABELS) == pytest.approx(fifteen, abs=1e-12)


def test_agreement():
    other = LOGITS.copy()
    other[:100] = np.roll(other[:100], 1, axis=1)  # the largest logit moves by one class
    assert metrics.agreement(LOGITS, other) == 0.75
    assert metrics.agreement(LOGITS, 3 * LOGITS + 1) == 1
    with pytest.raises(ValueError, match="different shapes"):
        metrics.agreement(LOGITS, other[:50])


def test_accuracy_on_a_subset_of_rows():
    predictions, labels = LOGITS.argmax(axis=1), LABELS
    rows = [3, 5, 8, 200]
    hits = [bool(predictions[row] == labels[row]) for row in rows]
    assert metrics.accuracy_on(rows, predictions, labels) == sum(hits) / 4
    mask = np.isin(np.arange(400), rows)
    assert metrics.accuracy_on(mask, predictions, labels) == sum(hits) / 4
    assert np.isnan(metrics.accuracy_on([], predictions, labels))


@pytest.mark.parametrize("seed", range(5))
def test_mcnemar_against_mlxtend(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.random((2, 300)) < [[0.9], [0.85]]
    table = [[np.sum(a & b), np.sum(a & ~b)], [np.sum(~a & b), np.sum(~a & ~b)]]
    _, expected = mlxtend_mcnemar(np.array(table), exact=True)
    assert metrics.mcnemar(a, b) == pytest.approx(min(expected, 1), rel=1e-9)
    assert metrics.mcnemar(b, a) == metrics.mcnemar(a, b)


def test_mcnemar_by_hand():
    only_a = np.array([True] * 8 + [False] * 2 + [True] * 90)
    assert metrics.mcnemar(only_a, ~only_a | (np.arange(100) >= 10)) == pytest.approx(
        2 * sum(stats.binom.pmf(k, 10, 0.5) for k in range(3))
    )
    assert metrics.mcnemar(only_a, only_a) == 1
    with pytest.raises(ValueError, match="the models have"):
        metrics.mcnemar(only_a, only_a[:1])


def test_paired_t():
    first, second = np.array([67, 70, 74, 66, 71.0]), np.array([80, 85, 79, 90, 81.0])
    mean, low, high, p = metrics.paired_t(first, second)
    expected = stats.ttest_rel(first, second)
    assert mean == pytest.approx((first - second).mean())
    assert p == pytest.approx(expected.pvalue)
    half = stats.t.ppf(0.975, 4) * (first - second).std(ddof=1) / np.sqrt(5)
    assert (low, high) == pytest.approx((mean - half, mean + half))
    assert metrics.paired_t(first, first) == (0, 0, 0, 1)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("pairs", [1, 2, 3])
def test_pairs_without_variance_allow_no_test(pairs):
    errors = np.arange(pairs) + 100.0
    mean, *interval, p = metrics.paired_t(errors, errors + 5)
    assert mean == -5 and np.isnan([*interval, p]).all()
    accuracies = 0.9 + 0.01 * np.arange(pairs)  # apart by the same, but for float64's rounding
    assert np.isnan(metrics.paired_t(accuracies, accuracies - 0.013)[3])


@pytest.mark.parametrize("runs", [([1, 2, 3], [1]), ([], [])])
def test_runs_that_do_not_pair(runs):
    with pytest.raises(ValueError, match="runs cannot be paired"):
        metrics.paired_t(*runs)


def test_summary_holds_plain_numbers():
    summary = metrics.summary(LOGITS, LABELS)
    assert summary["wrong"] == [i for i in range(400) if LOGITS[i].argmax() != LABELS[i]]
    assert summary["errors"] == len(summary["wrong"]) == round(400 * (1 - summary["accuracy"]))
    assert summary["wrong_answers"] == [int(LOGITS[row].argmax()) for row in summary["wrong"]]
    kinds = {key: type(value) for key, value in summary.items()}
    assert kinds.pop("wrong") is kinds.pop("wrong_answers") is list
    assert set(kinds.values()) == {int, float}


@pytest.mark.parametrize(
    ("logits", "labels"),
    [
        (LOGITS, LABELS[:10]),
        (LOGITS[0], LABELS[:1]),
        (np.where(LOGITS > 5, np.nan, LOGITS), LABELS),
        (np.full((400, 10), np.inf), LABELS),
        (LOGITS[:0], LABELS[:0]),
        (LOGITS, LABELS[:, None]),
    ],
)
def test_bad_input(logits, labels):
    for measure in (metrics.errors, metrics.negative_log_likelihood, metrics.calibration_error):
        with pytest.raises(ValueError, match=r"not \(n, classes\)|finite"):
            measure(logits, labels)


@pytest.mark.parametrize("wrong", [-1, 10, 0.5])
def test_labels_that_are_no_classes(wrong):
    labels = np.where(LABELS == 3, wrong, LABELS)
    for measure in (metrics.errors, metrics.negative_log_likelihood, metrics.calibration_error):
        with pytest.raises(ValueError, match=rf"integers in \[0, 10\), got {wrong}$"):
            measure(LOGITS, labels)


def test_top_accuracy_against_counting_by_hand():
    rng = np.random.default_rng(3)
    logits, labels = rng.normal(size=(40, 12)), rng.integers(0, 12, 40)
    for k in (1, 5, 12):
        above = [(row > row[label]).sum() for row, label in zip(logits, labels, strict=True)]
        assert metrics.top_accuracy(logits, labels, k) == np.mean(np.array(above) < k)
    assert metrics.top_accuracy(logits, labels, 1) == metrics.accuracy(logits, labels)
    equal = np.zeros((2, 12))
    assert metrics.top_accuracy(equal, [4, 5]) == 0.5  # the first five of equals


def test_summaries_of_up_to_ten_classes_have_no_top_five():
    for classes in (10, 11):
        logits = np.eye(classes)
        summary = metrics.summary(logits, np.arange(classes))
        assert ("top5_accuracy" in summary) == (classes == 11)


def test_a_summary_has_every_measure():
    rng = np.random.default_rng(4)
    logits, teacher_logits = rng.normal(size=(2, 30, 12))
    labels = rng.integers(12, size=30)
    summary = metrics.summary(logits, labels, teacher_logits)
    assert set(summary) - {"wrong", "wrong_answers"} == {
        m.key for m in metrics.MEASURES if m.labels != "multi-hot"
    }
    assert summary["agreement"] == metrics.agreement(logits, teacher_logits)
    assert "agreement" not in metrics.summary(logits, labels)


def test_a_new_measure_is_one_row(monkeypatch):
    measure = metrics.Measure(
        "mean_logit", lambda logits, labels: float(np.mean(logits)), "mean logit", 3
    )
    add_measures(monkeypatch, measure)
    assert metrics.summary(LOGITS, LABELS)["mean_logit"] == np.mean(LOGITS)


MULTI_HOT = RNG.integers(0, 2, (400, 10))
MULTI_HOT[::3] = LOGITS[::3] > 0  # a third of the rows right
MULTI_HOT[:, 7] = 0  # a class without an image


def test_measures_of_multi_hot_labels():
    exact = accuracy_score(MULTI_HOT, LOGITS > 0)  # scikit-learn's, of multi-label rows
    assert metrics.accuracy(LOGITS, MULTI_HOT) == pytest.approx(exact)
    assert metrics.errors(LOGITS, MULTI_HOT) == round(400 * (1 - exact)) > 0
    p = special.expit(LOGITS)
    by_class = [log_loss(MULTI_HOT[:, k], p[:, k], labels=[0, 1]) for k in range(10)]
    assert metrics.negative_log_likelihood(LOGITS, MULTI_HOT) == pytest.approx(sum(by_class))
    pairs = special.log_expit(np.stack([-LOGITS.ravel(), LOGITS.ravel()], axis=1))
    expected = calibration_by_loop(pairs, MULTI_HOT.ravel(), 15)
    assert metrics.calibration_error(LOGITS, MULTI_HOT) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("decimals", [None, 0])  # of which 0 makes many equal logits
def test_mean_average_precision(decimals):
    logits = LOGITS if decimals is None else LOGITS.round(decimals)
    columns = [k for k in range(10) if k != 7]
    expected = average_precision_score(MULTI_HOT[:, columns], logits[:, columns])
    assert metrics.mean_average_precision(logits, MULTI_HOT) == pytest.approx(expected)
    assert np.isnan(metrics.mean_average_precision(logits, np.zeros_like(MULTI_HOT)))
    with pytest.raises(ValueError, match="multi-hot rows"):
        metrics.mean_average_precision(logits, LABELS)
    with pytest.raises(ValueError, match=r"multi-hot rows of 0 and 1, got \d"):
        metrics.mean_average_precision(logits, special.expit(LOGITS))


def test_summary_of_multi_hot_labels():
    summary = metrics.summary(LOGITS, MULTI_HOT, teacher_logits=LOGITS)
    assert "mean_average_precision" in summary and "top5_accuracy" not in summary
    wrong = summary["wrong"]
    assert len(wrong) == summary["errors"]
    assert summary["wrong_answers"] == [np.flatnonzero(LOGITS[row] > 0).tolist() for row in wrong]


def test_interval_of_a_ratio():
    """Its bounds are the ratios that a t-test rejects at the level; it covers the true one."""
    rng = np.random.default_rng(0)
    first, second = rng.normal(10, 2, 6), rng.normal(20, 3, 6)
    low, high = metrics.ratio_interval(first, second, 0.9)
    assert low < first.mean() / second.mean() < high
    for bound in (low, high):
        assert stats.ttest_1samp(first - bound * second, 0).pvalue == pytest.approx(0.1)
    intervals = []
    for _ in range(2000):
        common = rng.normal(0, 2, 5)
        pair = rng.normal(10, 2, 5) + common, rng.normal(20, 3, 5) + common
        intervals.append(metrics.ratio_interval(*pair))
    low, high = np.array(intervals).T
    assert 0.935 < np.mean((low < 0.5) & (high > 0.5)) < 0.965


def test_ratios_without_bounds():
    pairs = (([3.0], [4.0]), ([1, 2, 4], [2, 4, 8]), ([1, 2, 4], [-5, 9, 1]), ([1, 2], [0, 0]))
    for first, second in pairs:
        assert np.isnan(metrics.ratio_interval(first, second)).all()
    with pytest.raises(ValueError, match=r"runs cannot be paired: \(2,\) and \(3,\)"):
        metrics.ratio_interval([1, 2], [1, 2, 3])
