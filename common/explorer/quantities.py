"""What the panels show, as numbers: soft targets, the loss's terms, the choice of an image."""

import dataclasses

import numpy as np

from common import metrics
from common.losses import distillation_loss, hard_label_loss, soft_targets

MIN_T, MAX_T = 0.5, 50.0  # ends of the temperature slider
GRID = np.geomspace(MIN_T, MAX_T, 41)  # temperatures of the curves
MOST_BARS = 12  # classes that are all shown, in their order
TOP = 10  # bars of a data set with more classes, beside the rest's mass


@dataclasses.dataclass(frozen=True)
class SoftTargets:
    """Soft targets of one image at one temperature.

    probabilities: (classes,) float32; bits: their entropy, from 0 to log2(classes).
    """

    probabilities: np.ndarray
    bits: float

    @property
    def effective_classes(self):
        """2^H, from 1 to classes: as many equally likely classes have the same entropy."""
        return 2**self.bits

    def bars(self, class_names):
        """(index, name, probability) of every class, or of the ten largest and of the rest.

        The rest, in data sets of more than `MOST_BARS` classes, has the index None.
        """
        shown = range(len(self.probabilities))
        if len(shown) > MOST_BARS:
            shown = np.argsort(-self.probabilities, kind="stable")[:TOP]
        bars = [(int(i), str(class_names[i]), float(self.probabilities[i])) for i in shown]
        if len(bars) < len(self.probabilities):
            rest = max(0.0, 1 - sum(bar[2] for bar in bars))
            bars.append((None, f"other {len(self.probabilities) - TOP}", rest))
        return bars


def answer(logits, temperature):
    """The `Answer` of (classes,) logits at a temperature.

    Raises:
        ValueError: if temperature is not a finite number above 0.
    """
    probabilities = np.asarray(soft_targets(logits[None], temperature))[0]
    return SoftTargets(probabilities, float(metrics.entropy(logits[None], temperature)[0]))


@dataclasses.dataclass(frozen=True)
class LossTerms:
    """What the loss sees of one image, before alpha weighs it.

    hard: cross-entropy with the label, nats; soft: T² · KL(teacher ‖ student), nats;
    hard_gradient, soft_gradient: L2 norms of their gradients by the student's logits;
    unscaled_gradient: the soft one's without T².
    """

    hard: float
    soft: float
    hard_gradient: float
    soft_gradient: float
    unscaled_gradient: float


def terms(student, teacher, label, temperature):
    """`Terms` of one image.

    Args:
        student, teacher: (classes,) floats, logits.
        label: the image's class.
        temperature: T > 0.
    """
    unscaled = soft_gradients(student, teacher, np.array([temperature]))[0]
    wrong = np.array(soft_targets(student[None], 1.0))[0]
    wrong[label] -= 1
    return LossTerms(
        hard=float(hard_label_loss(student[None], np.array([label]))[0]),
        soft=float(distillation_loss(student[None], teacher[None], temperature)[0]),
        hard_gradient=float(np.linalg.norm(wrong)),
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
    ours, theirs = (np.asarray(soft_targets(z / column, 1.0)) for z in (student, teacher))
    return np.linalg.norm(ours - theirs, axis=1) / column[:, 0]


class ImagePicker:
    """Finds images by what the teacher says of them.

    Args:
        answers: (n, classes) floats, the teacher's logits.
        labels: (n,) integers.
    """

    WAYS = ("most ambiguous", "teacher wrong", "random")

    def __init__(self, answers, labels):
        self.labels = np.asarray(labels)
        self.doubt = metrics.entropy(answers)
        self.wrong = ~metrics.correct(answers, labels)
        self._random = np.random.default_rng()

    def next(self, way, last=None, label=None):
        """The next image in one of `WAYS`; None where there is none.

        Args:
            way: "most ambiguous", from the highest entropy at T = 1 down; "teacher wrong",
                from the most confident error down; or "random".
            last: index of the image that this way gave last; None for its first.
            label: only images of this class; None for any.
        """
        rows = self._rows(way, label)
        if not len(rows):
            return None
        if way == "random":
            return int(self._random.choice(rows))
        place = () if last is None else np.flatnonzero(rows == last)
        return int(rows[(place[0] + 1) % len(rows)]) if len(place) else int(rows[0])

    def _rows(self, way, label):
        fits = np.ones(len(self.labels), bool) if label is None else self.labels == label
        if way == "teacher wrong":
            fits = fits & self.wrong
        rows = np.flatnonzero(fits)
        falling = 1 if way == "teacher wrong" else -1
        return rows[np.argsort(falling * self.doubt[rows], kind="stable")]
