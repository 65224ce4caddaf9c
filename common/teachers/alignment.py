"""Alignment of logits with images and classes: shifted rows, permuted columns, chance level.

Sigmoids of classes that exclude each other are refused too.
"""

import numpy as np

from common.utils.target_checks import MIN_ROWS, at_chance, chance_level, require_logits, unrelated

_SHIFTS = (-2, -1, 1, 2)
_REMEDY = (
    "the order or the preprocessing is wrong; pass pairs (images, logits), whose rows are found by "
    "the images, or the pixels that the teacher expects"
)
_MARGIN = 0.1  # of accuracy, by which another order must be better than this one and chance


def require_aligned(logits, labels, what, class_names):
    """Raise ValueError if logits are probabilities, or belong to other images or classes.

    Args:
        logits: (n, classes).
        labels: (n,) integers, or multi-hot rows, with which logits are correlated.
        what: whose the logits are, such as "the validation logits of 'forest'".
        class_names: one name per class.
    """
    labels, predicted = np.asarray(labels), np.argmax(logits, axis=1)
    if labels.ndim == 2:
        if sentence := unrelated(logits, labels):
            raise ValueError(f"{what} {sentence}: {_REMEDY}")
        return
    require_logits(logits, what)
    if len(labels) < MIN_ROWS:
        return
    accuracy = np.mean(predicted == labels)
    chance, _ = chance_level(labels.astype(int), predicted)
    least = max(accuracy, chance) + _MARGIN + 2 / np.sqrt(len(labels))
    if better := _order_of_rows(predicted, labels, least):
        raise ValueError(
            f"{what} predict {accuracy:.1%} of the labels correctly, but {better}: pass them in "
            "the order of the images, or pairs (images, logits)"
        )
    if better := _order_of_classes(predicted, labels, least, class_names):
        raise ValueError(
            f"{what} predict {accuracy:.1%} of the labels correctly, but {better}: pass "
            "classes={column: class}, or the pixels that the teacher expects"
        )
    if sentence := at_chance(logits, labels):
        raise ValueError(f"{what} {sentence}: {_REMEDY}")


def _order_of_rows(predicted, labels, least):
    """What order of the rows is right on more than `least` of the labels; None if none is."""
    orders = {f"shifted by {shift:+d}": np.roll(predicted, shift) for shift in _SHIFTS}
    orders["reversed"] = predicted[::-1]
    hits = {name: np.mean(rows == labels) for name, rows in orders.items()}
    best = max(hits, key=hits.get)
    return f"with rows {best} on {hits[best]:.1%}" if hits[best] > least else None


def _order_of_classes(predicted, labels, least, class_names):
    """The permutation of columns that is right on more than `least` of the labels, in words.

    It is found on one half of the rows and measured on the other, for a permutation that fits the
    same rows is better than chance in any case.
    """
    from scipy.optimize import linear_sum_assignment

    classes = len(class_names)
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (predicted[::2], labels[::2]), 1)
    counts[np.diag_indices(classes)] += 1  # a column that is never the largest stays in its place
    columns, targets = linear_sum_assignment(counts, maximize=True)
    accuracy = np.mean(targets[predicted[1::2]] == labels[1::2])
    if accuracy <= least:
        return None
    moved = [f"{c}: {class_names[t]!r}" for c, t in zip(columns, targets, strict=True) if c != t]
    shown = ", ".join(moved[:5]) + ", ..." * (len(moved) > 5)
    return f"with columns as {{{shown}}} on {accuracy:.1%}"
