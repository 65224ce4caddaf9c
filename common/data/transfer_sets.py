"""Transfer sets: which of the training images a student learns from.

The term is that of Hinton, Vinyals & Dean 2015, arXiv:1503.02531, section 2: a student may be
taught on other images than its teacher was, on few of them, or on some classes alone.
"""

import dataclasses

import numpy as np

from common.utils.checks import require_fraction, require_positive

_RECORDED = {"classes": "only", "excluded_classes": "without"}  # fields as records name them


@dataclasses.dataclass(frozen=True)
class TransferSet:
    """A part of the training images; validation and test stay whole.

    Args:
        share: of each class, in (0, 1]: the first so many images in one fixed random order,
            rounded, at least one. A smaller share lies within every greater one.
        classes: class indices that are kept; none stands for all.
        excluded_classes: class indices that are left out, instead of `classes`.

    Raises:
        ValueError: a share outside (0, 1]; classes that are no whole numbers from 0 on;
            both `classes` and `excluded_classes`.
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
        for field in (
            "classes",
            "excluded_classes",
        ):  # the same classes in another order are the same set
            object.__setattr__(self, field, _class_indices(field, getattr(self, field)))

    @property
    def label(self):
        """Such as `share0.01`, `only7_8` or `without3`; empty for all images."""
        parts = [f"share{self.share:g}"] * (self.share < 1)
        for field in _RECORDED:
            classes = getattr(self, field)
            parts += [_RECORDED[field] + "_".join(map(str, classes))] * bool(classes)
        return "-".join(parts)

    @property
    def configuration(self):
        """As a record holds it, in plain JSON values; None for all images."""
        lists = {key: list(getattr(self, field)) for field, key in _RECORDED.items()}
        return None if self == ALL else {"share": self.share} | lists

    @classmethod
    def from_configuration(cls, values):
        """The set whose `configuration` a record holds."""
        return cls(values["share"], *(values[key] for key in _RECORDED.values()))

    def check(self, classes):
        """Raise ValueError where a class is named that data of so many `classes` lack."""
        for index in self.classes + self.excluded_classes:
            if index >= classes:
                raise ValueError(
                    f"the transfer set names class {index}, the data have 0 to {classes - 1}"
                )
        if len(self.excluded_classes) == classes:
            raise ValueError("the transfer set leaves out every class: keep at least one")

    def missing(self, classes):
        """Indices, out of so many `classes`, of those that it leaves out."""
        kept = self.classes or set(range(classes)) - set(self.excluded_classes)
        return tuple(index for index in range(classes) if index not in kept)

    def select(self, labels):
        """Sorted row numbers of the images in this set, for (n,) labels of all images."""
        order = np.random.default_rng(0).permutation(len(labels))  # one for all shares and seeds
        left_out, rows = self.missing(max(labels) + 1), []
        for index in np.unique(labels):
            if index not in left_out:
                of_class = order[labels[order] == index]
                rows.append(of_class[: max(1, round(self.share * len(of_class)))])
        return np.sort(np.concatenate(rows))

    def restrict(self, dataset):
        """`dataset` with this part of its training images, in their order."""
        self.check(dataset.classes)
        if self == ALL:
            return dataset
        present = np.unique(dataset.train.labels)
        for index in (
            self.classes + self.excluded_classes
        ):  # no priors are known of a class without images
            if index not in present:
                raise ValueError(
                    f"the transfer set names class {index}, of which the {len(dataset.train)} "
                    "training images hold none: raise the limit"
                )
        train = dataset.train.take(self.select(dataset.train.labels))
        return dataclasses.replace(dataset, train=train)


def _class_indices(field, values):
    for value in values:
        if isinstance(value, bool) or value != int(value) or value < 0:
            raise ValueError(f"{field} must name classes by whole numbers from 0 on, got {value!r}")
    return tuple(sorted({int(value) for value in values}))


ALL = TransferSet()
