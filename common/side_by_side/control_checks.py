"""Checks of the control "shuffled": an image learns from the logits of the batch's previous one.

That is no control in batches of one image, nor where the previous one is of the same class.
"""

import warnings

import numpy as np

_MIN_IMAGES = 16  # images of a first batch, all of one class, that look like data in class order


def require_control(sizes):
    """Raise ValueError if one of the sizes of batches is 1."""
    if 1 in sizes:
        raise ValueError(
            "a batch of one image leaves the shuffled control the image's own logits: choose a "
            "batch_size above 1 that leaves no single image over"
        )


def batch_sizes(rows, batch_size):
    """Sizes of the batches of an array of `rows` images."""
    return {min(rows, batch_size), *([rows % batch_size] if rows % batch_size else [])}


def require_mixed_classes(batches, complete):
    """Raise ValueError if a batch's next image has an image's class far more often than by chance.

    Args:
        batches: list of (n,) class numbers, one array a batch, in the order of training.
        complete: whether these are all batches or some of different places; of a first batch
            alone that has one class, nobody can tell, and a warning is given.
    """
    labels = np.concatenate([np.reshape(batch, -1) for batch in batches])
    same = np.concatenate([np.equal(b, np.roll(b, 1)) for b in map(np.ravel, batches)]).mean()
    _, counts = np.unique(labels, return_counts=True)
    chance = np.sum((counts / len(labels)) ** 2)
    spread = np.sqrt(chance * (1 - chance) / len(labels))
    sentence = (
        f"in the batches, {same:.0%} of the images are followed by one of their class, by chance "
        f"it would be {chance:.0%}: the shuffled control would learn its own class, shuffle the "
        "images"
    )
    if same > chance + max((1 - chance) / 2, 5 * spread):
        raise ValueError(sentence)
    if len(counts) == 1 and not complete and len(labels) >= _MIN_IMAGES:
        warnings.warn(
            "the first batch has images of one class only, from which the shuffled control would "
            "learn its own class: are the images in the order of the classes? shuffle them",
            stacklevel=2,
        )
