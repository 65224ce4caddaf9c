"""Ladder of controls: targets from which one thing of the teacher's answer is removed.

| control | an image's target | left of the teacher's answer |
| --- | --- | --- |
| "smoothing" | the label, smoothed to the teacher's mean confidence | confidence, on average |
| "class_mean" | mean soft target of the label's class at T | and which classes are similar |
| "same_class" | logits of another image of the class | and how images of a class differ |
| "permuted" | its own logits, those of the wrong classes permuted | this image's confidence |
| "shuffled" | logits of any image | no answer to this image |

Each is found by the image's row in the logits file and repeats exactly: the first two are
functions of the training images, the others of the seed too. They are logits again, so that every
method can learn from them; class means at T are T times the logarithm of the mean.
"""

import functools

import numpy as np
from scipy import special

from common.teachers.targets import Targets
from common.utils.progress_bar import progress_bar

_CHUNK = 1 << 20  # numbers that are float64 at a time
AVERAGED = ("smoothing", "class_mean")  # controls that depend on the temperature
_PER_CLASS = {"class_mean": 1, "same_class": 2}  # training images that a class needs


class Control:
    """Targets of one control for the splits of a student's data.

    Args:
        name: a name in `distillation.LADDER`.
        train: the teacher's `Targets` of the student's training images, in all their views.
        labels: (n,) their labels.
        temperature: T > 0 that soft targets are averaged at.
        seed: of permutations.

    Raises:
        ValueError: by `targets`, too few images of a class.
    """

    def __init__(self, name, train, labels, *, temperature=1.0, seed=0):
        self.name, self.train, self.labels = name, train, np.asarray(labels)
        self.temperature, self.seed = temperature, seed

    def targets(self, targets, labels):
        """`Targets` of the control, in place of the teacher's `targets` of any split.

        Args:
            targets: the teacher's `Targets` of the split.
            labels: (n,) labels of its images.
        """
        if self.name == "shuffled":
            return targets.shuffled(self.seed)
        if self.name == "permuted":
            return permuted(targets, labels, self.seed)
        if self.name == "same_class":
            return same_class(targets, labels, self.seed)
        shape = (targets.classes, targets.logits.shape[1], targets.classes)
        logits = np.broadcast_to(self.class_logits[:, None], shape)
        return Targets(logits, np.asarray(labels), targets.subset)

    @functools.cached_property
    def class_logits(self):
        """(classes, classes) float32 logits of "smoothing" or "class_mean", a row a class."""
        require_images(self.name, self.labels, self.train.classes)
        means = class_means(self.train, self.labels, self.temperature)
        if self.name == "smoothing":
            means = smoothed(means, np.bincount(self.labels, minlength=len(means)))
        smallest = np.finfo("float64").tiny  # a probability that underflowed has a finite logit
        return (self.temperature * np.log(np.maximum(means, smallest))).astype("float32")


def class_means(targets, labels, temperature):
    """Mean soft target of each class, over its images and their views, in float64.

    Args:
        targets: Targets of n images.
        labels: (n,) integers.
        temperature: T > 0.

    Returns:
        (classes, classes) probabilities, a row a class; 0 for a class without images.
    """
    classes, views = targets.classes, targets.logits.shape[1]
    sums, step = np.zeros((classes, classes)), max(1, _CHUNK // (classes * views))
    with progress_bar(len(labels), "averaging soft targets", "images", delay=5) as line:
        for start in range(0, len(labels), step):
            rows = slice(start, start + step)
            logits = targets.all_views(rows).astype("float64") / temperature
            np.add.at(sums, labels[rows], special.softmax(logits, axis=-1).mean(axis=1))
            line.update(len(labels[rows]))
    return sums / np.maximum(np.bincount(labels, minlength=classes), 1)[:, None]


def smoothed(means, counts):
    """Label smoothing with the mean confidence of soft targets.

    The confidence is the probability of the label's class, mean over all images.

    Args:
        means: (classes, classes), as in `class_means`.
        counts: (classes,) number of images of each class.

    Returns:
        (classes, classes): the mean confidence on the diagonal, an equal share of the rest
        elsewhere.
    """
    weights, wrong = counts / counts.sum(), ~np.eye(len(means), dtype=bool)
    rest = weights @ np.where(wrong, means, 0).sum(axis=1)  # 1 - confidence has fewer digits
    return np.where(wrong, rest / (len(means) - 1), weights @ np.diag(means))


def same_class(targets, labels, seed):
    """`Targets` with every image's logits replaced by those of another image of its class.

    Each image's logits are used once: the images of a class, in random order, take the next one's.

    Raises:
        ValueError: a class with a single image.
    """
    labels, order = np.asarray(labels), np.arange(len(labels))
    require_images("same_class", labels, targets.classes)
    rng = np.random.default_rng((seed, 4))
    for index in np.unique(labels):
        images = rng.permutation(np.flatnonzero(labels == index))
        order[images] = np.roll(images, 1)
    return Targets(targets.logits, targets.rows[order], targets.subset)


def permuted(targets, labels, seed):
    """`Targets` with the logits of each image's wrong classes permuted.

    The permutation, random and uniform, is that of the image's row in the logits file, the same in
    all its views and epochs. Entropy and probability of the label stay as they are.
    """
    rng, wrong = np.random.default_rng((seed, 5)), np.arange(targets.classes - 1)
    order = rng.permuted(np.tile(wrong.astype("int32"), (len(targets.logits), 1)), axis=1)
    labels, order = np.asarray(labels)[:, None], order[targets.rows]
    columns = np.repeat(labels, targets.classes, axis=1).astype("int32")
    # wrong class k of an image is k, or k + 1 from its label on
    np.put_along_axis(columns, wrong + (wrong >= labels), order + (order >= labels), axis=1)
    return Targets(targets.logits, targets.rows, targets.subset, columns)


def require_images(name, labels, classes):
    """Raise ValueError if a control has too few images of a class among `labels`.

    "class_mean" needs one training image of each class, since any class may be looked up;
    "same_class" two of each class that occurs.

    Args:
        name: a name in `distillation.LADDER`.
        labels: (n,) integers.
        classes: number of classes.
    """
    counts, least = np.bincount(labels, minlength=classes), _PER_CLASS.get(name, 0)
    few = counts < least if name == "class_mean" else (counts > 0) & (counts < least)
    if few.any():
        index = int(np.argmax(few))
        raise ValueError(
            f"the control {name!r} needs at least {least} image{'s' * (least > 1)} of every class, "
            f"class {index} has {counts[index]}: use more images"
        )
