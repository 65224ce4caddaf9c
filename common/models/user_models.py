"""Users' networks: built by a function and checked."""

import inspect
import random

import numpy as np

from common.backend import keras
from common.models.validation import require_classifier, require_model

_PROBED = 2  # random images that a new model is called with


def build(function, image_shape, classes, *, seed=0, pixel_statistics=None, **options):
    """The model that a user's function builds, with initial weights that the seed determines.

    Args:
        function: function of any of image_shape, classes, seed, pixel_statistics and `options`,
            by these names, -> keras.Model, images (batch, *image_shape) in [0, 255] -> logits.
        image_shape, classes, seed, pixel_statistics: as in `models.build`.

    Raises:
        ValueError: a function that takes something else; a model that is none, of other images or
            classes, or that returns no logits.
    """
    known = {"image_shape": tuple(image_shape), "classes": classes, "seed": seed}
    known |= {"pixel_statistics": pixel_statistics} | options
    what = f"the model of {_name(function)}"
    state = random.getstate(), np.random.get_state()  # noqa: NPY002, Keras sets it
    keras.utils.set_random_seed(seed)
    try:
        model = function(**_accepted(function, known, options))
        require_model(what, model)
        probe = np.random.default_rng(0).integers(0, 256, (_PROBED, *image_shape)).astype("uint8")
        columns = require_classifier(what, model, probe)
    finally:
        random.setstate(state[0])
        np.random.set_state(state[1])  # noqa: NPY002
    if columns != classes:
        raise ValueError(
            f"{what} returns {columns} logits, the data have {classes} classes: end it with "
            f"{classes} units"
        )
    return model


def _accepted(function, known, options):
    """The arguments of `known` that a function takes; all options, which it must take."""
    if isinstance(function, keras.layers.Layer) or not callable(function):
        raise ValueError(
            f"build is a {type(function).__name__}: pass a function that builds a new model for "
            "each seed, such as lambda image_shape, classes: keras.Sequential([...])"
        )
    parameters = inspect.signature(function).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return known
    names = {parameter.name for parameter in parameters}
    needed = {p.name for p in parameters if p.default is p.empty and p.kind is not p.VAR_POSITIONAL}
    if wrong := sorted((needed - set(known)) | (set(options) - names)):
        raise ValueError(
            f"{_name(function)} and its options differ in {', '.join(wrong)}: it may take "
            "image_shape, classes, seed and pixel_statistics, by these names, and what "
            "ModelSpec.options has"
        )
    return {name: value for name, value in known.items() if name in names}


def _name(function):
    return f"build function {getattr(function, '__name__', type(function).__name__)!r}"
