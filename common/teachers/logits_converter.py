"""A teacher's answers as logits of the student's classes: probabilities, other classes, NaN."""

import numpy as np
from scipy import special

from common.utils.checks import require_choice
from common.utils.target_checks import SOFTMAX, kind_of_probabilities

_FAR = 64  # from here on float16's steps exceed 0.06
KINDS = (None, "logits", "probabilities")


class LogitsConverter:
    """Conversion of what a teacher returns into logits (n, classes).

    Args:
        what: such as "teacher 'forest'", for messages.
        dataset: data.Dataset.
        classes: {teacher's column: class or its name, or None}; None if its columns are the
            classes. Columns that are left out, or that None is given for, are ignored.

            A class with several columns gets their summed probability (the logit of a sum is
            logsumexp), taken at temperature 1, as the teacher gives it; the softmax at the
            student's temperature then renormalizes what is left. To sum at a high temperature
            instead would favor a class for the number of its columns alone.
        kind: "logits" or "probabilities"; None: probabilities are recognized, for their rows sum
            to 1 or, of multi-hot labels, for all lie between 0 and 1. Rows of "logits" that lie
            between 0 and 1 are shifted to the largest 0, which changes no softmax.

    Attributes:
        hard, count: numbers of probabilities that were exactly 0 or 1, and of all.

    Raises:
        ValueError: an unknown kind, column or class; a class without a column; of multi-hot labels,
            a class with several.
    """

    def __init__(self, what, dataset, classes=None, kind=None):
        require_choice("kind", kind, KINDS)
        self.what, self.dataset, self.kind = what, dataset, kind
        self._stated = kind == "logits"
        self.columns = None if classes is None else _columns(classes, dataset, what)
        if dataset.multi_label and any(len(columns) > 1 for columns in self.columns or ()):
            raise ValueError(
                f"classes gives several columns of {what} to a class, but yes-or-no questions do "
                "not exclude each other, so that their probabilities have no sum: give each class "
                "one column"
            )
        self.hard = self.count = 0

    def logits(self, values, images):
        """(n, classes) logits of a teacher's `values`, in float32 or float64.

        Of class indices, rows whose largest logit is far from 0 are shifted by it.

        Args:
            values: (n, columns) array, list or tensor of any framework.
            images: their number n.

        Raises:
            ValueError: another shape, NaN or infinity.
        """
        values = _array(values)
        self._require(values, images)
        if self.kind is None:
            self.kind = "probabilities" if self._are_probabilities(values) else "logits"
        if self.kind == "probabilities":
            convert = self._log_odds if self.dataset.multi_label else self._logarithms
            values = convert(values)
        if self.columns is not None:
            merged = [special.logsumexp(values[:, columns], axis=1) for columns in self.columns]
            values = np.stack(merged, axis=1)
        return values if self.dataset.multi_label else _near_zero(values, self._stated)

    def _are_probabilities(self, values):
        if self.dataset.multi_label:
            return values.min() >= 0 and values.max() <= 1
        return kind_of_probabilities(values) == SOFTMAX

    def report(self):
        """Print that probabilities were converted, and what share lost its softness."""
        if self.kind != "probabilities" or not self.count:
            return
        kind = "log-odds" if self.dataset.multi_label else "logarithms"
        lost = (
            f"; {self.hard / self.count:.1%} of them are exactly 0 or 1: how small the others were "
            "is lost, and no temperature brings it back"
        )
        lost = lost if self.hard else ""
        print(f"{self.what} answers with probabilities, whose {kind} are taken{lost}")

    def _logarithms(self, values):
        """Logarithms; of 0, that of the smallest normal number of its dtype."""
        low, high, sums = values.min(), values.max(), values.sum(axis=1)
        if low < 0 or not np.allclose(sums, 1, atol=1e-2):
            raise ValueError(
                f"{self.what} answers with probabilities from {low:.3g} to {high:.3g} whose rows "
                f"sum to {sums.min():.3g} to {sums.max():.3g}, not 1: pass logits"
            )
        self._count(values)
        return np.log(np.maximum(values, np.finfo(values.dtype).tiny))

    def _log_odds(self, values):
        """log(p / (1 - p)) of sigmoids; p no closer to 0 and 1 than its dtype distinguishes."""
        low, high = values.min(), values.max()
        if low < 0 or high > 1:
            raise ValueError(
                f"{self.what} answers with probabilities from {low:.3g} to {high:.3g}: pass logits"
            )
        self._count(values)
        smallest = np.finfo(values.dtype).eps / 2
        return special.logit(np.clip(values, smallest, 1 - smallest))

    def _count(self, values):
        self.hard += int(np.sum((values == 0) | (values == 1)))
        self.count += values.size

    def _require(self, values, images):
        shape, expected = values.shape, self.dataset.classes
        if values.ndim != 2 or shape[0] != images or values.dtype.kind not in "fiu":
            raise ValueError(
                f"{self.what} returns {values.dtype} {shape} for {images} images: let it return "
                "logits (images, classes)"
            )
        if self.columns is None and shape[1] != expected:
            raise ValueError(
                f"{self.what} has {shape[1]} columns, {self.dataset.name} has {expected} classes: "
                "pass classes={column: class}"
            )
        if self.columns is not None and max(map(max, self.columns)) >= shape[1]:
            raise ValueError(
                f"classes names column {max(map(max, self.columns))} of {self.what}, which has "
                f"columns 0 to {shape[1] - 1}"
            )
        if not np.isfinite(values).all():
            raise ValueError(
                f"{self.what} returns NaN or infinity: mask classes by -1e4 instead of -inf, or "
                "look at its preprocessing"
            )


def _near_zero(logits, stated):
    """Logits less the largest of each row that is far from 0, which changes no softmax.

    They are stored in float16, whose steps are 2 nats at 3000. Of stated logits, rows between 0
    and 1 are shifted too, so that nobody takes them for probabilities.
    """
    largest, smallest = (f(logits, axis=1, keepdims=True) for f in (np.max, np.min))
    shifted = np.abs(largest) > _FAR
    if stated:
        shifted |= (smallest >= 0) & (largest <= 1)
    return logits - np.where(shifted, largest, 0).astype(logits.dtype)


def _array(values):
    """A NumPy array of an array, list or tensor of any framework, in float32 or float64."""
    if hasattr(values, "detach"):  # PyTorch
        values = values.detach().cpu().numpy()
    values = np.asarray(values)
    small = values.dtype.kind == "f" and values.dtype.itemsize < 4
    return values.astype("float32") if small or values.dtype.kind in "iu" else values


def _columns(classes, dataset, what):
    """List of the teacher's columns of each class of the data."""
    columns = [[] for _ in dataset.class_names]
    for column, target in classes.items():
        if isinstance(target, str):
            require_choice("class", target, dataset.class_names)
            target = dataset.class_names.index(target)
        if not isinstance(column, (int, np.integer)) or column < 0:
            raise ValueError(f"classes maps columns of {what}, numbers from 0 on, got {column!r}")
        if target is not None and not 0 <= target < dataset.classes:
            raise ValueError(
                f"classes maps column {column} to {target}, but {dataset.name} has classes 0 to "
                f"{dataset.classes - 1}"
            )
        if target is not None:
            columns[target].append(int(column))
    if empty := [name for name, own in zip(dataset.class_names, columns, strict=True) if not own]:
        raise ValueError(f"classes gives no column of {what} to {', '.join(empty)}")
    return columns
