"""Quantities that the panels show: soft targets, terms of the loss, choice of an image."""

import dataclasses

import numpy as np

from common import metrics
from common.losses import distillation_loss, hard_label_loss, soft_targets

MIN_T, MAX_T = 0.5, 50.0  # ends of the temperature slider
GRID = np.geomspace(MIN_T, MAX_T, 41)  # temperatures of the curves
MAX_BARS = 12  # with at most as many classes, each has a bar, in class order
TOP = 10  # with more classes, the largest have a bar, the others share one


@dataclasses.dataclass(frozen=True)
class SoftTargets:
    """Soft targets of one image at one temperature.

    probabilities: (classes,) float32; entropy_bits: their entropy, from 0 to log2(classes).
    """

    probabilities: np.ndarray
    entropy_bits: float

    @property
    def effective_classes(self):
        """2^H, from 1 to classes: the number of equally likely classes with this entropy H."""
        return 2**self.entropy_bits

    def bars(self, class_names):
        """List of (index, name, probability) of each class, or of the `TOP` largest and the rest.

        The rest, in data sets of more than `MAX_BARS` classes, has the index None.
        """
        indices = range(len(self.probabilities))
        if len(indices) > MAX_BARS:
            indices = np.argsort(-self.probabilities, kind="stable")[:TOP]
        bars = [(int(i), str(class_names[i]), float(self.probabilities[i])) for i in indices]
        if len(bars) < len(self.probabilities):
            rest = max(0.0, 1 - sum(bar[2] for bar in bars))
            bars.append((None, f"other {len(self.probabilities) - TOP}", rest))
        return bars


def soften(logits, temperature):
    """`SoftTargets` of one image's logits, (classes,) floats, at a temperature.

    Raises:
        ValueError: if temperature is not a finite number above 0.
    """
    probabilities = np.asarray(soft_targets(logits[None], temperature))[0]
    return SoftTargets(probabilities, float(metrics.entropy(logits[None], temperature)[0]))


@dataclasses.dataclass(frozen=True)
class LossTerms:
    """Terms of the loss of one image, before alpha weights them.

    hard: cross-entropy with the label, nats; soft: T² · KL(teacher ‖ student), nats;
    hard_gradient, soft_gradient: L2 norms of their gradients by the student's logits;
    unscaled_gradient: norm of the soft gradient without T².
    """

    hard: float
    soft: float
    hard_gradient: float
    soft_gradient: float
    unscaled_gradient: float


def loss_terms(student, teacher, label, temperature):
    """`LossTerms` of one image.

    Args:
        student, teacher: (classes,) floats, logits.
        label: the image's class.
        temperature: T > 0.
    """
    unscaled = soft_gradients(student, teacher, np.array([temperature]))[0]
    hard_gradient = np.array(soft_targets(student[None], 1.0))[0]
    hard_gradient[label] -= 1
    return LossTerms(
        hard=float(hard_label_loss(student[None], np.array([label]))[0]),
        soft=float(distillation_loss(student[None], teacher[None], temperature)[0]),
        hard_gradient=float(np.linalg.norm(hard_gradient)),
        soft_gradient=float(temperature**2 * unscaled),
        unscaled_gradient=float(unscaled),
    )


def soft_gradients(student, teacher, temperatures):
    """Norms of the gradient of KL(teacher ‖ student), without T², by the student's logits.

    The gradient is (q - p) / T, with q and p the student's and teacher's soft targets at T
    (Hinton et al. 2015, arXiv:1503.02531, equation 2).

    Args:
        student, teacher: (classes,) floats, logits.
        temperatures: (n,) floats above 0.

    Returns:
        (n,) floats.
    """
    column = np.asarray(temperatures, "float32")[:, None]
    q, p = (np.asarray(soft_targets(logits / column, 1.0)) for logits in (student, teacher))
    return np.linalg.norm(q - p, axis=1) / column[:, 0]


class ImagePicker:
    """Choice of test images by the teacher's entropy and errors.

    Args:
        logits: (n, classes) floats of the teacher.
        labels: (n,) integers.
    """

    ORDERS = ("most ambiguous", "teacher wrong", "random")

    def __init__(self, logits, labels):
        self.labels = np.asarray(labels)
        self.entropy = metrics.entropy(logits)
        self.is_wrong = ~metrics.correct(logits, labels)
        self._rng = np.random.default_rng()

    def next(self, order, last=None, label=None):
        """Index of the next image in one of `ORDERS`; None if there is none.

        Args:
            order: "most ambiguous", by falling entropy at T = 1; "teacher wrong", the teacher's
                errors by rising entropy; or "random".
            last: index of the previous image of this order; None for the first.
            label: only images of this class; None for any.
        """
        rows = self._rows(order, label)
        if not len(rows):
            return None
        if order == "random":
            return int(self._rng.choice(rows))
        positions = () if last is None else np.flatnonzero(rows == last)
        return int(rows[(positions[0] + 1) % len(rows)]) if len(positions) else int(rows[0])

    def _rows(self, order, label):
        mask = np.ones(len(self.labels), bool) if label is None else self.labels == label
        if order == "teacher wrong":
            mask = mask & self.is_wrong
        rows = np.flatnonzero(mask)
        sign = 1 if order == "teacher wrong" else -1
        return rows[np.argsort(sign * self.entropy[rows], kind="stable")]
