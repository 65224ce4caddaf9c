"""Validation and test images set aside from a user's training images, in proportion by class."""

import numpy as np

from common.utils.checks import require_seed


def set_aside(labels, fractions, class_names, seed=0):
    """{split: sorted rows} of train and of the splits in `fractions`, random within each class.

    Each split gets at least one image of each class; of multi-hot labels, random images.

    Args:
        labels: (n,) integers, or (n, classes) multi-hot.
        fractions: {split: fraction of the images of each class, in (0, 1)}.
        class_names: one name per class.
        seed: whole number from 0 on, of the random choice, which is the same whatever the other
            classes hold.

    Raises:
        ValueError: fractions that leave no training images; a seed below 0; too few images of a
            class.
    """
    require_fractions(fractions)
    require_seed(seed)
    labels, rows = np.asarray(labels), {split: [] for split in ("train", *fractions)}
    if labels.ndim == 2:  # as images of one class
        labels, class_names = np.zeros(len(labels), int), ["multi-hot labels"]
    for index, name in enumerate(class_names):
        members = np.flatnonzero(labels == index)
        if len(members) <= len(fractions):
            raise ValueError(
                f"class {name!r} has {len(members)} images, too few for {len(fractions) + 1} "
                "splits: add some, or leave out the class"
            )
        members = np.random.default_rng((seed, len(members))).permutation(members)
        images, reserved = len(members), len(fractions)
        for split, fraction in fractions.items():
            # one image stays for each later split and for train
            count = min(max(1, round(fraction * images)), len(members) - reserved)
            rows[split].append(members[:count])
            members, reserved = members[count:], reserved - 1
        rows["train"].append(members)
    return {split: np.sort(np.concatenate(parts)) for split, parts in rows.items()}


def require_fractions(fractions):
    """Raise ValueError unless the fractions lie in (0, 1) and their sum below 1."""
    for split, fraction in fractions.items():
        is_number = isinstance(fraction, (int, float)) and not isinstance(fraction, bool)
        if not is_number or not 0 < fraction < 1:
            raise ValueError(f"{split} is a fraction between 0 and 1, got {fraction!r}")
    if sum(fractions.values()) >= 1:
        raise ValueError(f"{fractions} leave no training images: lower them")
