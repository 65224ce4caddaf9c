"""Checks of target arrays: labels are class indices, logits are neither probabilities nor in
another order than the labels. Needs only NumPy; errors name the value and the remedy."""

import warnings

import numpy as np

SAMPLE = 1_000  # rows that are checked, spread over all rows
MIN_ROWS = 50  # rows; fewer cannot tell accuracy from chance
SOFTMAX, SIGMOID = "softmax", "sigmoid"  # kinds of probabilities
_SIGMOID_NUMBERS = 100  # so many logits of three or more classes never lie in [0, 1] by chance


def require_labels(labels, classes, what="labels"):
    """Labels as an array; ValueError unless they are whole numbers in [0, classes), (n,) or (n, 1).

    Args:
        labels: array, list or tensor.
        classes: number of classes of the students; None if it is not known yet.
        what: the labels' name in an error.
    """
    labels = _numbers(np.asarray(labels), what)
    if labels.ndim != 1 and labels.shape != (len(labels) if labels.ndim else 0, 1):
        raise ValueError(
            f"{what} have shape {labels.shape}: pass one class index per image, for one-hot rows "
            'np.argmax(labels, axis=-1); labels of several classes need method="bernoulli"'
        )
    if not labels.size:
        raise ValueError(f"{what} are empty: pass one class index per image")
    if labels.dtype.kind == "f" and not np.array_equal(labels, np.floor(labels)):
        raise ValueError(f"{what} must be whole numbers, got {labels[labels != labels.round()][0]}")
    low, high = np.min(labels), np.max(labels)
    if low < 0 or (classes is not None and high >= classes):
        known = (
            "classes count from 0" if classes is None else f"the students have {classes} classes"
        )
        hint = ": subtract 1" if low == 1 and high == classes else ""
        raise ValueError(f"{what} are from {low} to {high}, but {known}{hint}")
    return labels


def is_multi_hot(labels):
    """Whether labels are rows of 0 and 1, not all of which have a single 1, as one-hot rows have.

    Args:
        labels: array, list or tensor.
    """
    labels = np.asarray(labels)
    if labels.ndim != 2 or labels.shape[1] < 2 or labels.dtype.kind not in "biuf":
        return False
    return bool(np.isin(labels, (0, 1)).all() and (labels.sum(axis=1) != 1).any())


def require_multi_hot(labels, classes, what="labels"):
    """Labels as an array; ValueError unless they are rows (n, classes) of 0 and 1.

    Args:
        labels: array, list or tensor; (n,) or (n, 1) of one class.
        classes: number of classes of the students; None if it is not known yet.
        what: the labels' name in an error.
    """
    labels = _numbers(np.asarray(labels), what)
    shape = labels.shape if labels.ndim != 1 else (len(labels), 1)
    if len(shape) != 2 or not labels.size or classes not in (None, shape[1]):
        raise ValueError(
            f"{what} have shape {labels.shape}, the method bernoulli takes multi-hot rows "
            f"(images, {classes or 'classes'}), for class indices np.eye({classes or 'classes'})"
            "[labels]"
        )
    if other := [value for value in np.unique(labels) if value not in (0, 1)]:
        raise ValueError(f"{what} are multi-hot rows of 0 and 1, got {other[0]}")
    return labels.reshape(shape)


def _numbers(labels, what):
    """The labels as an array of numbers; ValueError if they are strings."""
    if labels.dtype.kind == "b":
        return labels.astype("int32")
    if labels.dtype.kind == "O":  # a column of numbers, or anything else
        try:
            return labels.astype("float64")
        except (TypeError, ValueError):
            pass
    if labels.dtype.kind not in "iuf":
        first = labels.ravel()[0] if labels.size else labels
        raise ValueError(
            f"{what} must be class indices, got {str(first)!r}: convert them, such as by "
            "np.unique(labels, return_inverse=True)[1]"
        )
    return labels


def require_logits(values, what):
    """Raise ValueError if `values` are probabilities, since the temperature must divide logits.

    Args:
        values: (n, classes) floats, of which a sample is checked.
        what: name of the values in an error, such as "the logits of 'teacher'".
    """
    if kind := kind_of_probabilities(values):
        signs = {SOFTMAX: "their rows sum to 1, as after a softmax"}
        signs[SIGMOID] = "all are between 0 and 1, as after a sigmoid"
        raise ValueError(
            f"{what} look like probabilities ({signs[kind]}): remove the model's last activation, "
            "because the temperature divides logits, or pass the logarithms of a softmax's output; "
            "if they are logits, subtract 1 from all, which changes no soft target"
        )


def kind_of_probabilities(values):
    """SOFTMAX if rows in 0 to 1 sum to 1, SIGMOID if all lie in 0 to 1, most inside; else None.

    Sigmoids are not recognized of two classes, or among fewer than 100 numbers.

    Args:
        values: (n, classes) floats, of which a sample is checked.
    """
    rows = sample(np.asarray(values)).astype("float64")
    if rows.ndim != 2 or not rows.size:
        return None
    low, high = rows.min(), rows.max()
    if low < 0 or high > 1 + 1e-2:
        return None
    if rows.shape[1] > 1 and np.allclose(rows.sum(axis=1), 1, atol=1e-2):
        return SOFTMAX
    many = rows.shape[1] > 2 and rows.size >= _SIGMOID_NUMBERS
    inside = np.mean((rows > 0) & (rows < 1))
    return SIGMOID if many and high <= 1 and inside > 0.5 else None


def warn_at_chance(logits, labels, what):
    """Warn if logits predict the labels no better than chance, as if their rows were permuted.

    Args:
        logits, labels: as in `at_chance`.
        what: name of the logits in the warning.
    """
    if np.shape(logits)[1] == 1:  # one yes-or-no question, whose column is always the largest
        labels = np.reshape(labels, (-1, 1))
    multi_hot = np.ndim(labels) == 2 and np.shape(labels)[1] == np.shape(logits)[1]
    if sentence := (unrelated if multi_hot else at_chance)(logits, labels):
        warnings.warn(
            f"{what} {sentence}: are their rows in the order of the images?", stacklevel=2
        )


def at_chance(logits, labels):
    """Accuracy and chance in words if logits predict no better than chance; else None.

    Args:
        logits: (n, classes) floats.
        labels: (n,) or (n, 1) class numbers, of which a sample of SAMPLE is compared.
    """
    predicted = np.argmax(sample(np.asarray(logits)), axis=1)
    labels = sample(np.asarray(labels).reshape(-1))
    if len(labels) != len(predicted) or len(labels) < MIN_ROWS:
        return None
    chance, spread = chance_level(labels.astype(int), predicted)
    hits = np.mean(labels == predicted)
    if hits > chance + 3 * spread or len(np.unique(labels)) == 1:
        return None
    return f"predict {hits:.1%} of the labels correctly, chance is {chance:.1%}"


def unrelated(logits, labels):
    """Correlation of logits with multi-hot labels in words if it is no better than chance.

    It is Pearson's, of both after each class's mean is subtracted; permuted rows have a standard
    deviation of at most 1 / sqrt(n - 1).

    Args:
        logits: (n, classes) floats.
        labels: (n, classes), 0 or 1, of which a sample of SAMPLE is compared.
    """
    pair = [sample(np.asarray(values)).astype("float64") for values in (logits, labels)]
    if len(pair[0]) != len(pair[1]) or len(pair[0]) < MIN_ROWS:
        return None
    logits, labels = (values - values.mean(axis=0) for values in pair)
    norm = np.sqrt(np.square(logits).sum() * np.square(labels).sum())
    correlation = (logits * labels).sum() / norm if norm else 0.0
    if not norm or correlation > 3 / np.sqrt(len(labels) - 1):
        return None
    return f"have a correlation of {correlation:.2f} with the labels, as if by chance"


def chance_level(labels, predicted):
    """Mean and standard deviation of the accuracy if the predictions' rows are permuted."""
    size = max(labels.max(), predicted.max()) + 1
    p, q = (np.bincount(each, minlength=size) / len(labels) for each in (labels, predicted))
    mean = p @ q
    variance = (mean - p @ q**2 - p**2 @ q + mean**2) / (len(labels) - 1)
    return mean, np.sqrt(max(variance, 0))


def sample(rows, count=SAMPLE):
    """At most `count` rows of an array, spread evenly from the first to the last."""
    return rows[np.linspace(0, len(rows) - 1, min(count, len(rows))).astype(int)]
