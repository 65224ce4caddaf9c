"""Accuracy, NLL, calibration and agreement of logits. NumPy, float64.

Labels are (n,) class numbers or, of images with any number of classes each, (n, classes) multi-hot
rows of 0 and 1; then each class is a question of its own, answered by the logit's sigmoid, and a
row is correct if all answers are (exact match).

`MEASURES` lists the measures in records and tables. To add a measure, write its function here and
add one row to that list.
"""

import dataclasses
from collections.abc import Callable

import numpy as np
from scipy import special


def errors(logits, labels):
    """Number of errors: rows whose largest logit is not the label's.

    Of multi-hot labels, rows whose logits are not above 0 at exactly the classes of the image.

    Args:
        logits: (n, classes) floats; the first of equal logits counts as the largest.
        labels: (n,) integers in [0, classes), or (n, classes) of 0 and 1.

    Raises:
        ValueError: the shapes are others, there are no rows, labels are no classes, or logits are
            not finite. All measures of logits and labels below raise the same.
    """
    return int(np.sum(~correct(logits, labels)))


def correct(logits, labels):
    """Correctness of each row, (n,) booleans: whether `errors` does not count it."""
    logits, labels = _checked(logits, labels)
    if labels.ndim == 2:
        return ((logits > 0) == labels).all(axis=1)
    return logits.argmax(axis=1) == labels


def accuracy(logits, labels):
    """Accuracy, in [0, 1]: the fraction of rows without error; of multi-hot labels, exact match."""
    return 1 - errors(logits, labels) / len(labels)


def top_accuracy(logits, labels, k=5):
    """Top-k accuracy, in [0, 1]: the fraction of rows whose label is among the k largest logits.

    Of equal logits the first count as the largest, as in `errors`.
    """
    logits, labels = _checked(logits, labels)
    largest = np.argsort(-logits, axis=1, kind="stable")[:, :k]
    return float(np.mean((largest == labels[:, None]).any(axis=1)))


def negative_log_likelihood(logits, labels):
    """Negative log-likelihood (NLL): mean cross-entropy with the labels at T = 1, in nats.

    Of multi-hot labels, the sum of the classes' sigmoid cross-entropies, mean over rows.
    """
    logits, labels = _checked(logits, labels)
    if labels.ndim == 2:
        return float(np.sum(np.logaddexp(0, logits) - labels * logits, axis=1).mean())
    return float(-special.log_softmax(logits, axis=1)[np.arange(len(labels)), labels].mean())


def calibration_error(logits, labels, bins=15):
    """Expected calibration error (ECE): mean gap between confidence and accuracy, in [0, 1].

    Rows are binned into `bins` equal intervals of the largest class probability; each bin's
    |accuracy - mean confidence| is weighted by its number of rows (Guo et al. 2017,
    arXiv:1706.04599, equation 3). Of multi-hot labels, a row is an image's answer for one class.
    """
    logits, labels = _checked(logits, labels)
    if labels.ndim == 2:  # a sigmoid is the softmax of the logit and 0
        logits = np.stack([np.zeros(logits.size), logits.ravel()], axis=1)
        labels = labels.ravel()
    confidence = special.softmax(logits, axis=1).max(axis=1)
    hits = logits.argmax(axis=1) == labels
    index = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gaps = np.bincount(index, weights=hits - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))


def mean_average_precision(logits, labels):
    """Mean average precision (mAP) of multi-hot labels, in [0, 1]: mean over classes with an image.

    Average precision is Σ (R_k - R_{k-1}) · P_k over the thresholds k, precision P and recall R of
    the images whose logit is at least the threshold; equal logits share one.

    Args:
        logits: (n, classes) floats.
        labels: (n, classes) of 0 and 1; nan if no image has any class.
    """
    logits, labels = _checked(logits, labels)
    if labels.ndim != 2:
        raise ValueError(f"labels are multi-hot rows {logits.shape}, got {labels.shape}")
    present = np.flatnonzero(labels.any(axis=0))
    values = [_average_precision(logits[:, index], labels[:, index]) for index in present]
    return float(np.mean(values)) if values else float("nan")


def _average_precision(scores, relevant):
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(relevant[order])
    last = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))  # of each threshold
    recall = hits[last] / hits[-1]
    return np.sum(np.diff(recall, prepend=0) * hits[last] / (last + 1))


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
        labels: kind of labels that it is made for, "classes", "multi-hot" or "any".
    """

    key: str
    function: Callable
    column: str
    digits: int
    scale: float = 1
    against: str = "labels"
    min_classes: int = 0
    labels: str = "any"

    def takes(self, multi_label):
        """Whether it is made for multi-hot labels, or for class numbers."""
        return self.labels in ("any", "multi-hot" if multi_label else "classes")


MEASURES = (  # in the order of the columns
    Measure("errors", errors, "test errors", 0),
    Measure("accuracy", accuracy, "accuracy %", 2, 100),
    Measure("top5_accuracy", top_accuracy, "top-5 %", 2, 100, min_classes=11, labels="classes"),
    Measure("negative_log_likelihood", negative_log_likelihood, "NLL", 4),
    Measure("calibration_error", calibration_error, "calibration error %", 2, 100),
    Measure("agreement", agreement, "agreement %", 2, 100, against="teacher", labels="classes"),
    Measure("mean_average_precision", mean_average_precision, "mAP %", 2, 100, labels="multi-hot"),
)


def measures_for(classes, has_teacher, multi_label=False):
    """`MEASURES` that apply to a model with this number of classes, with or without a teacher.

    Args:
        multi_label: whether labels are multi-hot rows.
    """
    return [
        measure
        for measure in MEASURES
        if classes >= measure.min_classes
        and measure.takes(multi_label)
        and (has_teacher or measure.against != "teacher")
    ]


def summary(logits, labels, teacher_logits=None):
    """Summary of one model on one split: {key: number} of all `MEASURES`, and its mistakes.

    Args:
        logits: (n, classes) floats.
        labels: as in `errors`.
        teacher_logits: (n, classes) floats; None leaves out the measures against the teacher.

    Returns:
        dict of plain values for a record. `wrong` lists the misclassified rows, `wrong_answers`
        the classes predicted for them; of multi-hot labels, lists of classes.
    """
    seconds = {"labels": labels, "teacher": teacher_logits}
    values = {
        measure.key: measure.function(logits, seconds[measure.against])
        for measure in measures_for(
            np.shape(logits)[1], teacher_logits is not None, np.ndim(labels) == 2
        )
    }
    wrong = np.flatnonzero(~correct(logits, labels))
    answers = np.asarray(logits)[wrong]
    if np.ndim(labels) == 2:
        predictions = [np.flatnonzero(row > 0).tolist() for row in answers]
    else:
        predictions = answers.argmax(axis=1).tolist()
    return values | {"wrong": wrong.tolist(), "wrong_answers": predictions}


def _checked(logits, labels):
    logits, labels = np.asarray(logits, "float64"), np.asarray(labels)
    if logits.ndim != 2 or labels.shape not in (logits.shape[:1], logits.shape):
        raise ValueError(
            f"not (n, classes) and (n,) or multi-hot (n, classes): logits {logits.shape}, labels "
            f"{labels.shape}"
        )
    if not len(labels) or not np.isfinite(logits).all():
        raise ValueError("logits must have at least one row and be finite")
    allowed = np.arange(logits.shape[1])
    rule = f"labels must be integers in [0, {len(allowed)})"
    if labels.ndim == 2:
        allowed, rule = (0, 1), "labels (n, classes) are multi-hot rows of 0 and 1"
    if (wrong := labels[~np.isin(labels, allowed)]).size:
        raise ValueError(f"{rule}, got {wrong[0]}")
    return logits, labels
