"""DIST, Huang et al. 2022: correlation of soft targets within an image and across a batch."""

from common.backend import ops
from common.losses.soft_targets import logit_pair
from common.utils.checks import require_temperature

_EPSILON = 1e-8  # added to the product of the norms, as in the authors' code
_MIN_SQUARE = 1e-30  # of a norm, below which it counts as 0


def dist(student_logits, teacher_logits, labels, temperature, *, beta=1.0, gamma=1.0):
    """T² · [beta · (1 - ρ of rows) + gamma · (1 - ρ of columns)], the method "dist".

    ρ is Pearson's correlation of the softmaxes at T of student and teacher: of an image's classes,
    mean over the images, and of a class's column over the batch, mean over the classes (Huang et
    al. 2022, arXiv:2205.10536, section 4). The factor T² is in the authors' code, not in the
    paper's equations. Published: hard-label loss with weight 1 plus 2 · this one, T = 4 on
    CIFAR-100 (a factor of 32 in all), T = 1 on ImageNet.

    The value of a batch depends on which images are in it. A constant row or column, such as that
    of a batch of one image, has ρ = 0. The constant 1e-8 in ρ's denominator, also the authors',
    counts where soft targets hardly vary: at very high T, and in columns of unlikely classes.

    Args:
        student_logits, teacher_logits: (batch, classes) floats; no gradient into the teacher's.
        labels: (batch,) integers, ignored.
        temperature: T > 0.
        beta, gamma: weights of the rows' and of the columns' part.

    Returns:
        Scalar float32, at most 2 · T² · (beta + gamma).

    Raises:
        ValueError: if temperature is not a finite number of at least 1e-6, or shapes differ.
    """
    require_temperature(temperature)
    pair = logit_pair(student_logits, teacher_logits)
    student, teacher = (_deviations(logits, temperature) for logits in pair)
    rows, columns = (_correlation(student, teacher, axis) for axis in (-1, 0))
    distance = beta * (1 - ops.mean(rows)) + gamma * (1 - ops.mean(columns))
    return temperature**2 * distance


def _deviations(logits, temperature):
    """(batch, classes) softmax at T less 1 / classes, precise where they are nearly equal."""
    logits = ops.cast(logits, "float32")
    largest = ops.stop_gradient(ops.max(logits, axis=-1, keepdims=True))
    excess = ops.expm1((logits - largest) / temperature)
    centered = excess - ops.mean(excess, axis=-1, keepdims=True)
    return centered / ops.sum(1 + excess, axis=-1, keepdims=True)


def _correlation(student, teacher, axis):
    """Pearson's correlations along an axis of two (batch, classes) arrays."""
    student, teacher = (x - ops.mean(x, axis=axis, keepdims=True) for x in (student, teacher))
    norms = _norm(student, axis) * _norm(teacher, axis)
    return ops.sum(student * teacher, axis=axis) / (norms + _EPSILON)


def _norm(x, axis):
    square = ops.sum(ops.square(x), axis=axis)
    nonzero = square > _MIN_SQUARE
    return ops.where(nonzero, ops.sqrt(ops.where(nonzero, square, 1.0)), 0.0)
