"""Every teacher and student by name; one module a family, each readable beside its paper."""

import importlib
import inspect

import numpy as np

from common.models.registry import ARCHITECTURES
from common.utils.checks import require_at_least, require_choice

__all__ = ["NAMES", "build", "plain"]

NAMES = tuple(ARCHITECTURES)


def build(name, image_shape, classes, *, seed=0, **options):
    """Build a net by name.

    Args:
        name: one of `NAMES`.
        image_shape: (height, width, channels).
        classes: number of logits, at least 2; this and other numbers may be NumPy's.
        seed: fixes the initial weights (and any dropout), whatever was built before.
        options: the builder's own, such as `width`.

    Returns:
        keras.Model, images (batch, *image_shape) in [0, 255] -> logits (batch, classes), float32.

    Raises:
        ValueError: unknown name (near ones listed), classes < 2, images too small for the
            net (the least size said), an unknown or unfit option.
    """
    require_choice("model", name, NAMES)
    require_at_least("classes", classes, 2)
    entry = ARCHITECTURES[name]
    # imported here, so that whoever only asks for names does not wait for Keras
    builder = getattr(importlib.import_module(f"common.models.{entry.module}"), entry.function)
    known = set(inspect.signature(builder).parameters) - _GIVEN
    for option in options:
        require_choice(f"option of {name}", option, known)
    family = (name,) if entry.family else ()
    options = {key: plain(value) for key, value in (options | {"seed": seed}).items()}
    return builder(*family, tuple(image_shape), plain(classes), **options)


def plain(value):
    """A NumPy scalar, such as one of an array of widths, as the Python number it is."""
    return value.item() if isinstance(value, np.generic) else value


_GIVEN = {"name", "image_shape", "classes", "seed"}
