"""Accuracy, NLL, calibration and agreement of logits; paired significance tests. NumPy, float64.

`MEASURES` lists the measures in records and tables. To add a measure, write its function here and
add one row to that list. This module imports no other module of `common`.
"""

import dataclasses
from collections.abc import Callable

import numpy as np
from scipy import special, stats


def errors(logits, labels):
    """Number of errors: rows whose largest logit is not the label's.

    Args:
        logits: (n, classes) floats; the first of equal logits counts as the largest.
        labels: (n,) integers in [0, classes).

    Raises:
        ValueError: the shapes are others, there are no rows, or logits are not finite. All
            measures of logits and labels below raise the same.
    """
    return int(np.sum(~correct(logits, labels)))


def correct(logits, labels):
    """Correctness of each row, (n,) booleans: whether its largest logit is the label's."""
    logits, labels = _checked(logits, labels)
    return logits.argmax(axis=1) == labels


def accuracy(logits, labels):
    """Accuracy, in [0, 1]: the fraction of rows whose largest logit is the label's."""
    return 1 - errors(logits, labels) / len(labels)


def top_accuracy(logits, labels, k=5):
    """Top-k accuracy, in [0, 1]: the fraction of rows whose label is among the k largest logits.

    Of equal logits the first count as the largest, as in `errors`.
    """
    logits, labels = _checked(logits, labels)
    largest = np.argsort(-logits, axis=1, kind="stable")[:, :k]
    return float(np.mean((largest == labels[:, None]).any(axis=1)))


def negative_log_likelihood(logits, labels):
    """Negative log-likelihood (NLL): mean cross-entropy with the labels at T = 1, in nats."""
    logits, labels = _checked(logits, labels)
    return float(-special.log_softmax(logits, axis=1)[np.arange(len(labels)), labels].mean())


def calibration_error(logits, labels, bins=15):
    """Expected calibration error (ECE): mean gap between confidence and accuracy, in [0, 1].

    Rows are binned into `bins` equal intervals of the largest class probability; each bin's
    |accuracy - mean confidence| is weighted by its number of rows (Guo et al. 2017,
    arXiv:1706.04599, equation 3).
    """
    logits, labels = _checked(logits, labels)
    confidence = special.softmax(logits, axis=1).max(axis=1)
    hits = logits.argmax(axis=1) == labels
    index = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gaps = np.bincount(index, weights=hits - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))


def entropy(logits, temperature=1.0):
    """Entropy of each row's soft targets at a temperature: (n,) bits, 0 to log2(classes)."""
    p = special.softmax(np.asarray(logits, "float64") / temperature, axis=1)
    return special.entr(p).sum(axis=1) / np.log(2)  # 0 log 0 is 0


def agreement(logits, other_logits):
    """Agreement of two models, in [0, 1]: the fraction of rows with the same predicted class.

    Args:
        logits, other_logits: (n, classes) floats of the same rows.

    Raises:
        ValueError: the shapes differ.
    """
    logits, other_logits = np.asarray(logits), np.asarray(other_logits)
    if logits.shape != other_logits.shape:
        raise ValueError(f"logits have different shapes: {logits.shape} and {other_logits.shape}")
    return float(np.mean(logits.argmax(axis=1) == other_logits.argmax(axis=1)))


def accuracy_on(rows, predictions, labels):
    """Accuracy on a subset of rows, in [0, 1]; nan for an empty subset.

    With the rows that a teacher gets wrong, it measures how often a student corrects the teacher.

    Args:
        rows: (m,) integers or (n,) booleans that select rows.
        predictions: (n,) integers, the predicted classes.
        labels: (n,) integers.
    """
    rows = np.asarray(rows)
    if not rows.size or (rows.dtype == bool and not rows.any()):
        return float("nan")
    return float(np.mean((np.asarray(predictions) == np.asarray(labels))[rows]))


def mcnemar(correct_a, correct_b):
    """Exact two-sided p-value of McNemar's paired test (McNemar 1947).

    Null hypothesis: a row that exactly one of the two models classifies correctly is equally
    likely to be classified correctly by either model.

    Args:
        correct_a, correct_b: (n,) booleans, whether each model is correct on each row.

    Returns:
        p in (0, 1]; 1 if the models never differ.

    Raises:
        ValueError: the numbers of rows differ.
    """
    correct_a, correct_b = np.asarray(correct_a, bool), np.asarray(correct_b, bool)
    if correct_a.shape != correct_b.shape:
        raise ValueError(f"the models have {correct_a.shape} and {correct_b.shape} rows")
    only_a, only_b = np.sum(correct_a & ~correct_b), np.sum(correct_b & ~correct_a)
    if only_a + only_b == 0:
        return 1.0
    return float(stats.binomtest(int(only_a), int(only_a + only_b)).pvalue)


def paired_t(first, second):
    """Paired t-test: mean of first - second, its 95 % confidence interval, two-sided p-value.

    Args:
        first, second: (runs,) floats, in the same order of seeds.

    Returns:
        (mean, low, high, p); p is 1 if all pairs are equal. Interval and p are nan if the
        variance cannot be estimated: one pair, or the same difference in all pairs.

    Raises:
        ValueError: there are no runs, or the numbers of runs differ.
    """
    first, second = np.asarray(first, float), np.asarray(second, float)
    if first.shape != second.shape or not first.size:
        raise ValueError(f"runs cannot be paired: {first.shape} and {second.shape}")
    difference = first - second
    if len(difference) > 1 and not difference.any():
        return 0.0, 0.0, 0.0, 1.0
    rounding = 1e-9 * np.abs(np.concatenate([first, second])).max()
    if np.ptp(difference) <= rounding:
        return float(difference[0]), np.nan, np.nan, np.nan
    test = stats.ttest_1samp(difference, 0)
    low, high = test.confidence_interval(0.95)
    return float(difference.mean()), float(low), float(high), float(test.pvalue)


def holm(p_values):
    """Holm's step-down correction for several tests (Holm 1979): adjusted p-values.

    Args:
        p_values: (n,) floats; nan, of a test that could not be made, is not counted.

    Returns:
        (n,) floats: at most 1, nan where the p-value is.
    """
    p_values = np.asarray(p_values, float)
    adjusted, made = np.full(len(p_values), np.nan), np.flatnonzero(~np.isnan(p_values))
    order = made[np.argsort(p_values[made], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(factors * p_values[order]), 1)
    return adjusted


@dataclasses.dataclass(frozen=True)
class Measure:
    """A measure of a model on one split: its key in records, its function, its table column.

    Args:
        key: name in records, such as "accuracy".
        function: (logits, labels) -> number; (logits, teacher_logits) if `against` is "teacher".
        column: header in tables, with the unit.
        digits: decimals in tables for one model; a mean over seeds has at least one decimal.
        scale: factor from the recorded to the printed value, such as 100 for %.
        against: second argument of `function`, "labels" or "teacher".
        min_classes: the measure is left out for data sets with fewer classes.
    """

    key: str
    function: Callable
    column: str
    digits: int
    scale: float = 1
    against: str = "labels"
    min_classes: int = 0


MEASURES = (  # in the order of the columns
    Measure("errors", errors, "test errors", 0),
    Measure("accuracy", accuracy, "accuracy %", 2, 100),
    Measure("top5_accuracy", top_accuracy, "top-5 %", 2, 100, min_classes=11),
    Measure("negative_log_likelihood", negative_log_likelihood, "NLL", 4),
    Measure("calibration_error", calibration_error, "calibration error %", 2, 100),
    Measure("agreement", agreement, "agreement %", 2, 100, against="teacher"),
)


def measures_for(classes, has_teacher):
    """`MEASURES` that apply to a model with this number of classes, with or without a teacher."""
    return [
        measure
        for measure in MEASURES
        if classes >= measure.min_classes and (has_teacher or measure.against != "teacher")
    ]


def summary(logits, labels, teacher_logits=None):
    """Summary of one model on one split: {key: number} of all `MEASURES`, and its mistakes.

    Args:
        logits: (n, classes) floats.
        labels: (n,) integers in [0, classes).
        teacher_logits: (n, classes) floats; None leaves out the measures against the teacher.

    Returns:
        dict of plain values for a record. `wrong` lists the misclassified rows, `wrong_answers`
        the classes predicted for them.
    """
    seconds = {"labels": labels, "teacher": teacher_logits}
    values = {
        measure.key: measure.function(logits, seconds[measure.against])
        for measure in measures_for(np.shape(logits)[1], teacher_logits is not None)
    }
    wrong = np.flatnonzero(~correct(logits, labels))
    predictions = np.asarray(logits)[wrong].argmax(axis=1)
    return values | {"wrong": wrong.tolist(), "wrong_answers": predictions.tolist()}


def _checked(logits, labels):
    logits, labels = np.asarray(logits, "float64"), np.asarray(labels)
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise ValueError(f"not (n, classes) and (n,): logits {logits.shape}, labels {labels.shape}")
    if not len(labels) or not np.isfinite(logits).all():
        raise ValueError("logits must have at least one row and be finite")
    return logits, labels
