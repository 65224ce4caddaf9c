"""Networks by name, each used as teacher or student; one module per family.

May import `utils`, `backend`, `losses`, `metrics` and `data`. Importing it imports no Keras.
"""

import importlib
import inspect

import numpy as np

from common.models.registry import ARCHITECTURES
from common.models.torch_weights import load_torch
from common.utils.checks import require_at_least, require_choice

__all__ = ["NAMES", "build", "load_torch", "plain"]

NAMES = tuple(ARCHITECTURES)
_BUILD_ARGUMENTS = {"name", "image_shape", "classes", "seed", "pixel_statistics"}


def build(name, image_shape, classes, *, seed=0, pixel_statistics=None, **options):
    """Build a network with random initial weights.

    Args:
        name: one of `NAMES`.
        image_shape: (height, width, channels).
        classes: number of logits, at least 2; this and other numbers may be NumPy scalars.
        seed: seed of the initial weights and of any dropout, independent of other networks.
        pixel_statistics: (mean, standard deviation), one number per channel each, on the scale
            0-255, that the network normalizes its input with; pass `Dataset.pixel_statistics`.
            None: mean 127.5 and deviation 70.
        options: options of this architecture, such as `width`; see its builder.

    Returns:
        keras.Model, images (batch, *image_shape) in [0, 255] -> logits (batch, classes), float32.

    Raises:
        ValueError: unknown name (similar names are listed), classes < 2, images too small for the
            network (the smallest size is given), pixel_statistics that do not fit the images, an
            unknown or invalid option.
    """
    require_choice("model", name, NAMES)
    require_at_least("classes", classes, 2)
    architecture = ARCHITECTURES[name]
    # imported here, so that importing this package does not import Keras
    module = importlib.import_module(f"common.models.{architecture.module}")
    builder = getattr(module, architecture.function)
    for option in options:
        known = set(inspect.signature(builder).parameters) - _BUILD_ARGUMENTS
        require_choice(f"option of {name}", option, known)
    positional = ((name,) if architecture.family else ()) + (tuple(image_shape), plain(classes))
    options = {key: plain(value) for key, value in (options | {"seed": seed}).items()}
    from common.backend.image_layout import channels_last

    with channels_last():
        return builder(*positional, pixel_statistics=pixel_statistics, **options)


def plain(value):
    """A NumPy scalar as a Python number, an array as a list; any other value unchanged."""
    return value.tolist() if isinstance(value, (np.generic, np.ndarray)) else value
