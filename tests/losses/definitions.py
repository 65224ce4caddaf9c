"""Distillation losses by their definitions, in float64 with SciPy, and their numeric gradients."""

import numpy as np
from scipy import special


def kd(student, teacher, labels, temperature):
    log_p, log_q = (special.log_softmax(x / temperature, axis=1) for x in (teacher, student))
    return temperature**2 * np.sum(np.exp(log_p) * (log_p - log_q), axis=1).mean()


def dkd(student, teacher, labels, temperature, alpha=1.0, beta=8.0):
    target = kd(*(_binary(x, labels, temperature) for x in (student, teacher)), None, temperature)
    others = kd(*(_others(x, labels) for x in (student, teacher)), None, temperature)
    return alpha * target + beta * others


def dist(student, teacher, labels, temperature, beta=1.0, gamma=1.0):
    p, q = (special.softmax(x / temperature, axis=1) for x in (teacher, student))
    rows, columns = _correlations(p, q).mean(), _correlations(p.T, q.T).mean()
    return temperature**2 * (beta * (1 - rows) + gamma * (1 - columns))


def ls(student, teacher, labels, temperature):
    return kd(*(_z_scores(x) for x in (student, teacher)), labels, temperature)


def nkd(student, teacher, labels, temperature, gamma=1.5):
    rows = np.arange(len(labels))
    target = special.softmax(teacher, axis=1)[rows, labels]
    target = -target * special.log_softmax(student, axis=1)[rows, labels]
    p = special.softmax(_others(teacher, labels) / temperature, axis=1)
    log_q = special.log_softmax(_others(student, labels) / temperature, axis=1)
    return np.mean(target - gamma * temperature**2 * np.sum(p * log_q, axis=1))


def ttm(student, teacher, labels, temperature):
    return _matching(student, teacher, temperature).mean()


def wttm(student, teacher, labels, temperature):
    weight = np.sum(special.softmax(teacher, axis=1) ** (1 / temperature), axis=1)
    return np.mean(weight * _matching(student, teacher, temperature))


def bernoulli(student, teacher, labels, temperature):
    """The sum over the two answers to each class's question."""
    total = 0.0
    for sign in (1, -1):
        log_p, log_q = (special.log_expit(sign * x / temperature) for x in (teacher, student))
        total += np.sum(np.exp(log_p) * (log_p - log_q), axis=1)
    return temperature**2 * total.mean()


def in_float64(loss):
    """The loss with its logits converted to float64."""

    def converted(student, teacher, labels, temperature, **options):
        pair = (np.asarray(x, "float64") for x in (student, teacher))
        return loss(*pair, labels, temperature, **options)

    return converted


LOSSES = {f.__name__: in_float64(f) for f in (kd, dkd, dist, ls, nkd, ttm, wttm, bernoulli)}


def gradient(loss, student, teacher, labels, temperature):
    """Gradient of a function in `LOSSES` by the student's logits, by central differences.

    Values grow with T², and their rounding with them, so the step is larger at high T.
    """
    step = 1e-5 * max(1, temperature / 10)
    student = np.asarray(student, "float64")
    slopes = np.empty_like(student)
    for index in np.ndindex(student.shape):
        ends = []
        for sign in (1, -1):
            moved = student.copy()
            moved[index] += sign * step
            ends.append(loss(moved, teacher, labels, temperature))
        slopes[index] = (ends[0] - ends[1]) / (2 * step)
    return slopes


def _others(x, labels):
    keep = np.ones(x.shape, bool)
    keep[np.arange(len(x)), labels] = False
    return x[keep].reshape(len(x), -1)


def _binary(x, labels, temperature):
    rest = temperature * special.logsumexp(_others(x, labels) / temperature, axis=1)
    return np.stack([x[np.arange(len(x)), labels], rest], axis=1)


def _correlations(a, b):
    """Pearson's correlation of each row; the denominator with the authors' 1e-8."""
    a, b = (x - x.mean(axis=1, keepdims=True) for x in (a, b))
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.sum(a * b, axis=1) / (norms + 1e-8)


def _z_scores(x):
    return (x - x.mean(axis=1, keepdims=True)) / (x.std(axis=1, ddof=1, keepdims=True) + 1e-7)


def _matching(student, teacher, temperature):
    log_p = special.log_softmax(teacher / temperature, axis=1)
    return np.sum(np.exp(log_p) * (log_p - special.log_softmax(student, axis=1)), axis=1)
