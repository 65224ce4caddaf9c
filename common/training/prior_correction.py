"""Prior correction: biases for classes that are missing from a student's training images.

A student without training images of threes learns about threes from its teacher's soft targets,
but predicts them too rarely. A bias added to their logit restores their prior (Hinton, Vinyals &
Dean 2015, arXiv:1503.02531, section 3). The paper tuned one bias on the test set; `prior_shifts`
needs no labels.
"""

import numpy as np
from scipy import special

from common import metrics

BIAS_GRID = tuple(round(0.1 * step, 1) for step in range(201))  # for the paper's rule
_STEPS, _PRECISION = 2_000, 1e-4


def prior_shifts(logits, priors, missing):
    """Biases that make the mean predicted probability of each missing class equal its prior.

    The mean is of the softmax at temperature 1, over images of all classes, whose labels are not
    needed. log(prior / mean probability) is added to the logits until the two agree.

    Args:
        logits: (n, classes) floats of the student.
        priors: (classes,) probabilities, above 0 for the missing classes.
        missing: indices of the classes without training images.

    Returns:
        (classes,) floats to add to the logits; 0 for the other classes.
    """
    logits, missing = np.asarray(logits, "float64"), list(missing)
    shifts = np.zeros(logits.shape[1])
    target = np.asarray(priors, float)[missing]
    for _ in range(_STEPS):
        mass = special.softmax(logits + shifts, axis=1).mean(axis=0)[missing]
        change = np.log(target / np.maximum(mass, 1e-30))
        shifts[missing] += change
        if np.abs(change).max() < _PRECISION:
            break
    return shifts


def error_curve(logits, labels, missing):
    """Numbers of errors after each bias of BIAS_GRID is added to the missing classes' logits.

    The paper lowers the other classes instead, which is equivalent.

    Args:
        logits: (n, classes) floats.
        labels: (n,) integers.
        missing: indices of the classes without training images.

    Returns:
        list of int, one for each value of BIAS_GRID.
    """
    return [
        metrics.errors(logits + _uniform(shift, logits, missing), labels) for shift in BIAS_GRID
    ]


def evaluate_corrections(unlabeled_logits, test_logits, labels, priors, missing):
    """Test errors without correction, with `prior_shifts`, and with the paper's bias.

    Args:
        unlabeled_logits: (m, classes) logits of the student for images whose labels are not used.
        test_logits: (n, classes) logits of the student for the test images.
        labels: (n,) labels of the test images, on which the paper's rule tunes its bias.
        priors, missing: as in `prior_shifts`.

    Returns:
        dict of plain values: the missing classes and the number of their images; for each rule
        its shifts, all errors, and errors on the missing classes; the error curve of `paper`.
    """
    curve = error_curve(test_logits, labels, missing)
    rules = {
        "none": np.zeros(test_logits.shape[1]),
        "prior": prior_shifts(unlabeled_logits, priors, missing),
        "paper": _uniform(BIAS_GRID[int(np.argmin(curve))], test_logits, missing),
    }
    return {
        "classes": list(missing),
        "images": int(np.isin(labels, missing).sum()),
        "rules": {name: _errors(test_logits, labels, rules[name], missing) for name in rules},
        "curve": {"shifts": list(BIAS_GRID), "errors": curve},
    }


def _uniform(shift, logits, missing):
    """(classes,) floats: the shift for the missing classes, 0 for the others."""
    return shift * np.isin(np.arange(logits.shape[1]), missing)


def _errors(logits, labels, shifts, missing):
    wrong = ~metrics.correct(logits + shifts, labels)
    return {
        "shifts": [round(float(shift), 3) for shift in shifts],
        "errors": int(wrong.sum()),
        "errors_on_missing": int(wrong[np.isin(labels, missing)].sum()),
    }
