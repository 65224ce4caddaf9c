"""Students that never saw some classes: how far new biases alone make up for it.

Hinton, Vinyals & Dean 2015, arXiv:1503.02531, section 3: a student whose transfer set lacked
the threes knows them from its teacher's soft targets, but holds them too rare, which the bias
of the logit mends. The paper chose that bias on the test images; `prior_shifts` needs no label.
"""

import numpy as np
from scipy import special

from common import metrics

BIAS_GRID = tuple(round(0.1 * step, 1) for step in range(201))  # what the paper's rule tries
_STEPS, _PRECISION = 2_000, 1e-4


def prior_shifts(logits, priors, missing):
    """What to add to the missing classes' logits so that each has its prior's mass.

    The mass of a class is its mean softmax at temperature 1 over images of all classes, whose
    labels are not needed. Found by adding log(prior / mass) until the two agree.

    Args:
        logits: (n, classes) floats, the student's.
        priors: (classes,) shares of each class, above 0 for the missing ones.
        missing: indices of the classes that its transfer set lacked.

    Returns:
        (classes,) floats; 0 for the classes that it saw.
    """
    logits, missing = np.asarray(logits, "float64"), list(missing)
    shifts = np.zeros(logits.shape[1])
    wanted = np.asarray(priors, float)[missing]
    for _ in range(_STEPS):
        mass = special.softmax(logits + shifts, axis=1).mean(axis=0)[missing]
        change = np.log(wanted / np.maximum(mass, 1e-30))
        shifts[missing] += change
        if np.abs(change).max() < _PRECISION:
            break
    return shifts


def error_curve(logits, labels, missing):
    """Errors after one and the same number is added to all missing classes' logits.

    To raise the missing classes by a number is to lower all others by it, as the paper does
    where only two classes were seen.

    Returns:
        list of int, one for each of SHIFTS.
    """
    return [metrics.errors(logits + _same(shift, logits, missing), labels) for shift in BIAS_GRID]


def evaluate_corrections(asked, answers, labels, priors, missing):
    """Errors on test without new biases, with `prior_shifts`, and with the paper's.

    Args:
        asked: (m, classes) the student's logits of images whose labels are not looked at.
        answers: (n, classes) its logits of the test images.
        labels: (n,) integers; the paper's rule alone chooses by them.
        priors, missing: as in `prior_shifts`.

    Returns:
        dict of plain values: the missing classes and their images; for each rule the shifts,
        all errors, and those on images of the missing classes; the curve behind `paper`.
    """
    curve = error_curve(answers, labels, missing)
    rules = {
        "none": np.zeros(answers.shape[1]),
        "prior": prior_shifts(asked, priors, missing),
        "paper": _same(BIAS_GRID[int(np.argmin(curve))], answers, missing),
    }
    return {
        "classes": list(missing),
        "images": int(np.isin(labels, missing).sum()),
        "rules": {name: _errors(answers, labels, rules[name], missing) for name in rules},
        "curve": {"shifts": list(BIAS_GRID), "errors": curve},
    }


def _same(shift, logits, missing):
    return shift * np.isin(np.arange(logits.shape[1]), missing)


def _errors(logits, labels, shifts, missing):
    wrong = ~metrics.correct(logits + shifts, labels)
    return {
        "shifts": [round(float(shift), 3) for shift in shifts],
        "errors": int(wrong.sum()),
        "errors_on_missing": int(wrong[np.isin(labels, missing)].sum()),
    }
