"""How good, how sure and how alike: measures of logits, in NumPy, float64."""

import numpy as np
from scipy import special, stats


def errors(logits, labels):
    """Number of rows whose largest logit is not the label's.

    Args:
        logits: (n, classes) floats; the first of equal logits counts as the largest.
        labels: (n,) integers in [0, classes).
    """
    return int(np.sum(~correct(logits, labels)))


def correct(logits, labels):
    """(n,) booleans: whether each row's largest logit is the label's."""
    logits, labels = _checked(logits, labels)
    return logits.argmax(axis=1) == labels


def accuracy(logits, labels):
    """Share of rows, in [0, 1], whose largest logit is the label's."""
    return 1 - errors(logits, labels) / len(labels)


def top_accuracy(logits, labels, k=5):
    """Share of rows, in [0, 1], whose label is among the k largest logits.

    Of equal logits the first count as the largest, as in `errors`.
    """
    logits, labels = _checked(logits, labels)
    largest = np.argsort(-logits, axis=1, kind="stable")[:, :k]
    return float(np.mean((largest == labels[:, None]).any(axis=1)))


def negative_log_likelihood(logits, labels):
    """Mean cross-entropy of the labels at temperature 1, in nats a row."""
    logits, labels = _checked(logits, labels)
    return float(-special.log_softmax(logits, axis=1)[np.arange(len(labels)), labels].mean())


def calibration_error(logits, labels, bins=15):
    """Expected calibration error: mean gap between confidence and accuracy, in [0, 1].

    Rows are put in `bins` equal intervals of the greatest class probability; each
    interval's |accuracy - mean confidence| counts by its rows (Guo et al. 2017,
    arXiv:1706.04599, equation 3).
    """
    logits, labels = _checked(logits, labels)
    confidence = special.softmax(logits, axis=1).max(axis=1)
    hit = logits.argmax(axis=1) == labels
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gaps = np.bincount(place, weights=hit - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))


def entropy(logits, temperature=1.0):
    """(n,) bits in each row's soft targets at a temperature, from 0 to log2(classes)."""
    logs = special.log_softmax(np.asarray(logits, "float64") / temperature, axis=1)
    return -(np.exp(logs) * logs).sum(axis=1) / np.log(2)


def agreement(logits, other_logits):
    """Share of rows, in [0, 1], on which two models' largest logits name the same class."""
    logits, other_logits = np.asarray(logits), np.asarray(other_logits)
    if logits.shape != other_logits.shape:
        raise ValueError(f"logits of shapes {logits.shape} and {other_logits.shape} do not pair")
    return float(np.mean(logits.argmax(axis=1) == other_logits.argmax(axis=1)))


def accuracy_on(rows, answers, labels):
    """Share of certain rows, in [0, 1], that a model's answers get right; nan where none.

    With the rows that its teacher gets wrong: how far a student knows better than its teacher.

    Args:
        rows: (m,) integers or (n,) booleans that choose rows.
        answers: (n,) integers, the model's first choices.
        labels: (n,) integers.
    """
    rows = np.asarray(rows)
    if not rows.size or (rows.dtype == bool and not rows.any()):
        return float("nan")
    return float(np.mean((np.asarray(answers) == np.asarray(labels))[rows]))


def mcnemar(correct_a, correct_b):
    """Two-sided exact p of McNemar's paired test (McNemar 1947).

    Under the null hypothesis each row that just one of the two models gets right is as
    likely the one's as the other's.

    Args:
        correct_a, correct_b: (n,) booleans, whether each model is right on each row.

    Returns:
        p in (0, 1]; 1 where the models never differ.
    """
    correct_a, correct_b = np.asarray(correct_a, bool), np.asarray(correct_b, bool)
    if correct_a.shape != correct_b.shape:
        raise ValueError(f"{correct_a.shape} and {correct_b.shape} rows do not pair")
    only_a, only_b = np.sum(correct_a & ~correct_b), np.sum(correct_b & ~correct_a)
    if only_a + only_b == 0:
        return 1.0
    return float(stats.binomtest(int(only_a), int(only_a + only_b)).pvalue)


def paired_t(first, second):
    """Mean of first - second over paired runs, its 95 % interval and two-sided p.

    Args:
        first, second: (runs,) floats, same order of seeds.

    Returns:
        (mean, low, high, p); p is 1 where the two are equal throughout. Interval and p are nan
        where runs tell nothing of their spread: one pair, or all pairs apart by the same.

    Raises:
        ValueError: no runs, or not as many of each.
    """
    first, second = np.asarray(first, float), np.asarray(second, float)
    if first.shape != second.shape or not first.size:
        raise ValueError(f"{first.shape} and {second.shape} runs do not pair")
    difference = first - second
    if len(difference) > 1 and not difference.any():
        return 0.0, 0.0, 0.0, 1.0
    rounding = 1e-9 * np.abs(np.concatenate([first, second])).max()
    if np.ptp(difference) <= rounding:
        return float(difference[0]), np.nan, np.nan, np.nan
    test = stats.ttest_1samp(difference, 0)
    low, high = test.confidence_interval(0.95)
    return float(difference.mean()), float(low), float(high), float(test.pvalue)


def summary(logits, labels):
    """All measures of one model on one split, as plain numbers.

    `wrong` lists the rows missed, `wrong_answers` the classes named there instead;
    `top5_accuracy` is left out for up to ten classes, of which five say little.
    """
    top = {"top5_accuracy": top_accuracy(logits, labels)} if np.shape(logits)[1] > 10 else {}
    wrong = np.flatnonzero(~correct(logits, labels))
    return {
        "errors": errors(logits, labels),
        "accuracy": accuracy(logits, labels),
        **top,
        "negative_log_likelihood": negative_log_likelihood(logits, labels),
        "calibration_error": calibration_error(logits, labels),
        "wrong": wrong.tolist(),
        "wrong_answers": np.asarray(logits)[wrong].argmax(axis=1).tolist(),
    }


def _checked(logits, labels):
    logits, labels = np.asarray(logits, "float64"), np.asarray(labels)
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise ValueError(f"logits {logits.shape} and labels {labels.shape} do not pair")
    if not len(labels) or not np.isfinite(logits).all():
        raise ValueError("logits must be finite numbers, at least one row")
    return logits, labels
