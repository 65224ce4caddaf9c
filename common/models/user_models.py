"""Networks of a user's own: built by a function, checked, and known by their configuration."""

import inspect
import json
import random
import re

import numpy as np

from common.backend import keras
from common.backend.precision import dtype_policy
from common.models.validation import require_classifier, require_model
from common.utils import files

_LIBRARIES = ("builtins", "common", "keras", "tensorflow", "torch")  # packages
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


def architecture(function, image_shape, classes, pixel_statistics=None, options=None):
    """16 hexadecimal digits of a hash of the configuration of the model that `function` builds.

    The function is called each time, for what it reads outside its arguments may have changed.

    Names that Keras numbers, such as dense_7, do not count. Of user-defined classes, whose
    configuration says little, the source counts too; of a subclass of keras.Model, also the
    configurations of its layers and its attributes that are numbers, strings or tuples.

    Args:
        function, image_shape, classes, pixel_statistics, options: as in `build`, which checks them.
    """
    arguments = {"pixel_statistics": pixel_statistics, **(options or {})}
    with dtype_policy("float32"):  # recipes set the precision, not the caller's policy
        model = build(function, image_shape, classes, **arguments)
    text = _without_numbers(json.dumps(_configuration(model), sort_keys=True, default=repr))
    return files.sha256_of([np.array(text)])[:16]


def _configuration(model):
    """JSON values of a model's layers and weights, and of the source of a subclass."""
    described = {"weights": [list(weight.shape) for weight in model.weights]}
    parts = list(model._flatten_layers(include_self=False))
    if defined := {type(part) for part in parts if _is_user_defined(type(part))}:
        described |= {"classes": sorted(map(_source, defined))}
    if isinstance(model, keras.Sequential) or getattr(model, "outputs", None):
        return described | {"config": keras.saving.serialize_keras_object(model)["config"]}
    described |= {"layers": [_layer_configuration(layer) for layer in parts]}
    return described | {"source": _source(type(model)), "attributes": _attributes(model)}


def _is_user_defined(some_class):
    """Whether a class is not of Python, Keras, its backend or this repository."""
    return some_class.__module__.partition(".")[0] not in _LIBRARIES


def _source(some_class):
    """Sources of the methods of a user-defined class and of its user-defined bases.

    A notebook knows the source of a method, but not that of a class.
    """
    bases = [base for base in some_class.__mro__ if _is_user_defined(base)]
    methods = [m for base in bases for m in vars(base).values() if inspect.isfunction(m)]
    return json.dumps([base.__qualname__ for base in bases] + [_method(m) for m in methods])


def _method(function):
    """Source of a method; its compiled code if it was defined in a console."""
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        code = function.__code__
        plain = [c for c in code.co_consts if isinstance(c, (bool, int, float, str, tuple))]
        return f"{function.__qualname__} {code.co_code.hex()} {code.co_names} {plain}"


def _layer_configuration(layer):
    """Configuration and attributes of a layer of a subclass; no configuration if it has none."""
    try:
        return [layer.get_config(), _attributes(layer) if _is_user_defined(type(layer)) else {}]
    except NotImplementedError:
        return [type(layer).__qualname__, _attributes(layer)]


def _attributes(layer):
    """{name: value} of the attributes that a layer's class sets and that are plain values."""
    common = vars(keras.layers.Layer())
    plain = (bool, int, float, str, tuple, type(None))
    return {
        name: value
        for name, value in sorted(vars(layer).items())
        if name not in common and not name.startswith("_") and isinstance(value, plain)
    }


def _without_numbers(text):
    """Configuration in which names are numbered in the order of their appearance in it."""
    names = dict.fromkeys(re.findall(r'"name": "([^"]*)"', text))
    renamed = {n: f'"{re.sub(r"_[0-9]+$", "", n)}#{i}"' for i, n in enumerate(names)}
    return re.sub(r'"([^"]*)"', lambda match: renamed.get(match[1], match[0]), text)


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
