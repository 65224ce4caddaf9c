"""Check that the range of the images is the range of pixels that a network expects."""

import warnings

import numpy as np

from common.backend import keras

_LOOKED_AT = 500  # images
_STANDARDIZED = 20  # no standardized pixel lies so far from 0
_SKIPPED = {"InputLayer", "Identity", "Reshape", "Cast", "RandomFlip", "RandomTranslation"}


def scales_bytes(model):
    """Whether a model's first layer scales pixels of 0 to 255 to about 1.

    Such a layer is a Rescaling by at most 1/64, a Normalization with a deviation above 1 (pixels in
    0 to 1 cannot have one), or a division or product by such a number.

    Args:
        model: keras.Model.
    """
    for layer in _operations(model):
        kind = type(layer).__name__
        if kind == "Rescaling":
            return bool(np.max(np.abs(layer.scale)) <= 1 / 64)
        if kind == "Normalization":
            return _deviation(layer) > 1
        if kind in ("TrueDivide", "Divide", "Multiply"):
            return any(_scale(kind, value) <= 1 / 64 for value in _constants(layer))
        if kind not in _SKIPPED:
            return False
    return False


def check_pixel_range(what, model, images, error=True):
    """Raise ValueError, or warn, if images in 0 to 1 are passed to a model that `scales_bytes`.

    It raises for floats within 0 to 1, not all whole, or around 0. It warns for pixels of only 0
    and 1, because they may be dark images in 0 to 255. It accepts images that are all 0.

    Args:
        what: such as "student 'a'".
        model: keras.Model.
        images: (n, h, w, c), of which the first few are checked.
        error: whether to raise; prediction, perhaps of one dark image, only warns.
    """
    images = np.asarray(images[:_LOOKED_AT])
    if not images.size or np.abs(images).max() > _STANDARDIZED or not scales_bytes(model):
        return
    low, high = float(images.min()), float(images.max())
    if low >= 0 and (high == 0 or high > 1):
        return
    sentence = (
        f"the images' pixels lie in {low:.3g} to {high:.3g}, but {what} scales pixels of 0 to 255 "
        "itself: pass the images as they were, such as uint8, before any scaling"
    )
    if error and not np.array_equal(images, np.floor(images)):
        raise ValueError(sentence)
    warnings.warn(sentence, stacklevel=2)


def _operations(model):
    for layer in getattr(model, "operations", getattr(model, "layers", ())):
        if isinstance(layer, keras.Model):
            yield from _operations(layer)
        else:
            yield layer


def _deviation(layer):
    """The greatest standard deviation that a Normalization divides by; 0 if it is not known."""
    variance = layer.input_variance
    if variance is None:
        variance = getattr(layer, "adapt_variance", 0)  # a variable, after `adapt`
    return float(np.sqrt(np.max(np.asarray(variance))))


def _constants(operation):
    """Arrays of the numbers that an operation was called with; none in a subclass of Model."""
    nodes = operation._inbound_nodes[:1]
    values = [v for n in nodes for v in (*n.arguments.args, *n.arguments.kwargs.values())]
    return [np.asarray(v) for v in values if isinstance(v, (int, float, np.generic, np.ndarray))]


def _scale(kind, value):
    """Factor that pixels are multiplied by."""
    with np.errstate(divide="ignore"):
        return float(np.max(np.abs(value if kind == "Multiply" else 1 / value)))
