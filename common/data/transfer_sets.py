"""Transfer sets: the subset of the training images that a student learns from.

The term is from Hinton, Vinyals & Dean 2015, arXiv:1503.02531, section 2: a student may be trained
on other images than its teacher, such as a fraction of them or only some classes.
"""

import dataclasses

import numpy as np

from common.utils.checks import require_fraction, require_positive

_RECORDED = {"classes": "only", "excluded_classes": "without"}  # field: key in records


@dataclasses.dataclass(frozen=True)
class TransferSet:
    """A subset of the training images; validation and test images are never removed.

    Args:
        share: fraction of each class, in (0, 1]: its first images in one fixed random order, at
            least one. A smaller share is a subset of every larger one.
        classes: indices of the classes included; empty for all.
        excluded_classes: indices of the classes excluded, instead of `classes`.

    Raises:
        ValueError: share is outside (0, 1]; class indices are not whole numbers from 0 on; both
            `classes` and `excluded_classes` are given.
    """

    share: float = 1.0
    classes: tuple = ()
    excluded_classes: tuple = ()

    def __post_init__(self):
        require_fraction("share", self.share)
        require_positive("share", self.share)
        if self.classes and self.excluded_classes:
            raise ValueError(
                f"classes {self.classes} and excluded_classes {self.excluded_classes}: "
                "give one of them"
            )
        object.__setattr__(self, "share", float(self.share))
        for field in _RECORDED:  # sorted: the same classes in another order are the same set
            object.__setattr__(self, field, _class_indices(field, getattr(self, field)))

    @property
    def label(self):
        """Short name such as `share0.01`, `only7_8` or `without3`; empty for all images."""
        parts = [f"share{self.share:g}"] * (self.share < 1)
        for field in _RECORDED:
            classes = getattr(self, field)
            parts += [_RECORDED[field] + "_".join(map(str, classes))] * bool(classes)
        return "-".join(parts)

    @property
    def configuration(self):
        """The fields as plain JSON values, under the keys of records; None for all images."""
        lists = {key: list(getattr(self, field)) for field, key in _RECORDED.items()}
        return None if self == ALL else {"share": self.share} | lists

    @classmethod
    def from_configuration(cls, values):
        """The TransferSet whose `configuration` is `values`."""
        return cls(values["share"], *(values[key] for key in _RECORDED.values()))

    def check(self, classes):
        """Raise ValueError if an index is not below `classes`, or if no class is left."""
        for index in self.classes + self.excluded_classes:
            if index >= classes:
                raise ValueError(
                    f"the transfer set names class {index}, the data have 0 to {classes - 1}"
                )
        if len(self.excluded_classes) == classes:
            raise ValueError("the transfer set leaves out every class: include at least one")

    def missing(self, classes):
        """Indices, below `classes`, of the classes without training images."""
        included = self.classes or set(range(classes)) - set(self.excluded_classes)
        return tuple(index for index in range(classes) if index not in included)

    def select(self, labels):
        """Sorted row indices of the images in this set, given the labels of all images.

        Args:
            labels: (n,) integers; of (n, classes) multi-hot ones, the first share of all rows.
        """
        order = np.random.default_rng(0).permutation(len(labels))  # one for all shares and seeds
        if np.ndim(labels) == 2:
            return np.sort(order[: max(1, round(self.share * len(labels)))])
        missing, rows = self.missing(max(labels) + 1), []
        for index in np.unique(labels):
            if index not in missing:
                of_class = order[labels[order] == index]
                rows.append(of_class[: max(1, round(self.share * len(of_class)))])
        return np.sort(np.concatenate(rows))

    def restrict(self, dataset):
        """`dataset` with only the training images of this set, in their order.

        Raises:
            ValueError: a class is not in the data, or has no training image.
        """
        self.check(dataset.classes)
        if self == ALL:
            return dataset
        labels = dataset.train.labels
        if dataset.multi_label and self.classes + self.excluded_classes:
            raise ValueError(
                "a transfer set of some classes needs one class per image: choose it by share"
            )
        present = np.unique(labels)
        for index in self.classes + self.excluded_classes:  # without images its prior is unknown
            if index not in present:
                raise ValueError(
                    f"the transfer set names class {index}, of which the {len(labels)} "
                    "training images hold none: raise the limit"
                )
        return dataset.with_train(dataset.train.take(self.select(labels)))


def _class_indices(field, values):
    for value in values:
        if isinstance(value, bool) or value != int(value) or value < 0:
            raise ValueError(f"{field} must name classes by whole numbers from 0 on, got {value!r}")
    return tuple(sorted({int(value) for value in values}))


ALL = TransferSet()
