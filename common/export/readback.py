"""Comparison of an exported file, read back in its own runtime, with the Keras model."""

import numpy as np

from common import metrics
from common.backend import batching
from common.export import runtimes
from common.utils.messages import first_line

# precision: (largest difference of a logit, as a fraction of the largest logit; least fraction of
# equal first choices). float32 differs by the order of sums only, float16 by 11 bits of a weight.
# In int8 students of CIFAR-100, whose first choices are close, keep about 95 % of them.
BOUNDS = {"float32": (1e-3, 0.998), "float16": (1e-2, 0.99), "int8": (0.5, 0.9)}
_RANDOM_IMAGES, _REPEATED = 200, 20


def compared_images(images, image_shape):
    """The images that file and model are compared on; random pixels if there are none.

    Raises:
        ValueError: images of another shape than `image_shape`, (h, w, c); none at all.
    """
    if images is None:
        rng = np.random.default_rng(0)
        return rng.integers(0, 256, (_RANDOM_IMAGES, *image_shape)).astype("uint8")
    shape = np.shape(images)
    if tuple(shape[1:]) != tuple(image_shape) or not shape[0]:
        raise ValueError(
            f"the images to compare on have shape {tuple(shape)}, the network takes "
            f"(n, {', '.join(map(str, image_shape))})"
        )
    return np.asarray(images)


def reference(model, images):
    """Logits (n, classes) of the Keras model.

    Raises:
        ValueError: the model answers the same images differently, as with active dropout.
    """
    logits = batching.predict_logits(model, images)
    repeated = batching.predict_logits(model, images[:_REPEATED])
    rounding = 1e-3 * max(float(np.abs(repeated).max()), 1e-6)  # of sums in another order
    if not np.allclose(logits[:_REPEATED], repeated, rtol=0, atol=rounding):
        raise ValueError(
            f"the model {model.name!r} answers the same images differently each time, as with "
            "dropout that is active: build it without training=True"
        )
    return logits


def compare(path, images, expected, precision, min_agreement=None):
    """(largest difference of a logit, fraction of equal first choices) of a file.

    Args:
        path: of the file.
        images: (n, h, w, c).
        expected: (n, classes) logits of the Keras model.
        precision: a key of `BOUNDS`.
        min_agreement: least fraction of equal first choices, in place of the bound's.

    Raises:
        ValueError: they are beyond `BOUNDS`, or the file does not run.
    """
    logits = _logits(path, images)
    if logits.shape != expected.shape or not np.isfinite(logits).all():
        raise ValueError(f"{path.name} was not written: it returns {logits.shape} or not finite")
    difference = float(np.abs(logits - expected).max())
    agreement = metrics.agreement(logits, expected)
    share, least = BOUNDS[precision]
    least = least if min_agreement is None else min_agreement
    bound = share * max(float(np.abs(expected).max()), 1e-6)
    if difference > bound or agreement < least:
        raise ValueError(
            f"{path.name} was not written: on {len(images):,} images its logits differ from the "
            f"Keras model's by up to {difference:.3g} (allowed: {bound:.3g}) and {agreement:.2%} "
            f"of first choices agree (allowed: {least:.1%})"
        )
    return difference, agreement


def _logits(path, images):
    try:
        return runtimes.predict(path, images)
    except Exception as error:  # each runtime has its own
        raise ValueError(
            f"{path.name} was not written: its runtime refuses it: {first_line(error)}"
        ) from None
