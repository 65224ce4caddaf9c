"""Hash of a user's network: of its configuration, its weights' shapes and its classes' source."""

import base64
import functools
import json
import marshal
import re
import warnings

import numpy as np

from common.backend import keras
from common.backend.precision import dtype_policy
from common.models import user_models
from common.models.class_source import (
    class_source,
    code_text,
    function_source,
    is_user_defined,
    plain,
)
from common.utils import files

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")  # in a repr, another in each process


def digest(function, image_shape, classes, pixel_statistics=None, options=None):
    """16 hexadecimal digits of a hash of the configuration of the model that `function` builds.

    The function is called each time, for what it reads outside its arguments may have changed.

    Names that Keras numbers, such as dense_7, do not count, nor do modules: a network may move
    from a notebook to a file. Of user-defined classes and functions, of which a configuration has
    the names only, the source counts too, and of layers and models of such classes the attributes
    that are numbers, strings, arrays, or lists, tuples and dicts of them. What user-defined code
    calls or reads elsewhere, such as a global variable, does not count unless it changes these.

    Args:
        function, image_shape, classes, pixel_statistics, options: as in `user_models.build`,
            which checks them.
    """
    arguments = {"pixel_statistics": pixel_statistics, **(options or {})}
    with dtype_policy("float32"):  # recipes set the precision, not the caller's policy
        model = user_models.build(function, image_shape, classes, **arguments)
    text = json.dumps(_without_numbers(_configuration(model)), sort_keys=True, default=_repr)
    return files.sha256_of([np.array(text)])[:16]


def _configuration(model):
    """JSON values of a model's layers and weights, and of what is user-defined in them."""
    described = {"weights": [list(weight.shape) for weight in model.weights]}
    parts = list(model._flatten_layers(include_self=False))
    classes = dict.fromkeys(map(type, [*parts, model]))
    if sources := [class_source(each) for each in classes if is_user_defined(each)]:
        described |= {"classes": sources}
    if values := [each for part in [*parts, model] if (each := _user_defined(part))]:
        described |= {"user_defined": values}
    has_layers = isinstance(model, keras.Sequential) or getattr(model, "outputs", None)
    if has_layers and not is_user_defined(type(model)):
        config = _serialized(model)
        if config is not None:
            return described | {"config": config}
    return described | {"layers": [[type(p).__qualname__, _serialized(p)] for p in parts]}


def _user_defined(layer):
    """Functions and attributes of a layer, which no configuration has; {} without such."""
    sources = {
        name: source
        for name, value in sorted(vars(layer).items())
        if callable(value) and is_user_defined(value) and (source := function_source(value))
    }
    described = {"functions": sources} if sources else {}
    if is_user_defined(type(layer)):
        described |= {"class": type(layer).__qualname__, "attributes": _attributes(layer)}
    return described


def _attributes(layer):
    """{name: value} of the plain attributes that a layer's or model's class sets."""
    of_keras = _keras_attributes(isinstance(layer, keras.Model))
    values = {name: plain(value) for name, value in vars(layer).items() if name not in of_keras}
    # TensorFlow's own begin with _self_
    return {
        name: value
        for name, value in sorted(values.items())
        if value is not NotImplemented and not name.startswith("_self_")
    }


@functools.cache
def _keras_attributes(of_model):
    """Names of the attributes that Keras itself gives a layer, or a model, that was called."""

    class Model(keras.Model):
        def call(self, inputs):
            return inputs

    layer = Model() if of_model else keras.layers.Identity()
    if of_model:
        layer.compile("sgd", "mse")
    layer(np.zeros((1, 1), "float32"))
    return frozenset(vars(layer))


def _serialized(layer):
    """The configuration of a layer or model, lambdas as their code; None if it has none."""
    with warnings.catch_warnings():  # a file with a lambda is unsafe to load, but this is none
        warnings.filterwarnings("ignore", "The object being serialized includes a `lambda`")
        try:
            return _with_code(keras.saving.serialize_keras_object(layer)["config"])
        except (NotImplementedError, TypeError):
            return None


def _with_code(value):
    """Keras's serialized values, lambdas as text, without modules of user-defined classes."""
    if isinstance(value, dict) and value.get("class_name") == "__lambda__":
        parts = dict(value["config"])  # of an activation "value", of a Lambda layer "code"
        compiled = base64.b64decode(parts.pop("value", None) or parts.pop("code"))
        return [code_text(marshal.loads(compiled)), _with_code(parts)]
    if isinstance(value, dict):
        module = str(value.get("module"))  # of __main__ None
        of_user = "class_name" in value and module.partition(".")[0] not in ("keras", "builtins")
        left_out = ("module", "registered_name") if of_user else ()
        return {str(k): _with_code(each) for k, each in value.items() if k not in left_out}
    return [_with_code(each) for each in value] if isinstance(value, (list, tuple)) else value


def _without_numbers(configuration):
    """Configuration in which layers are numbered in the order of their appearance in it."""
    names = list(dict.fromkeys(_names(configuration)))
    numbered = {name: f"{re.sub(r'_[0-9]+$', '', name)}#{i}" for i, name in enumerate(names)}
    return _renamed(configuration, numbered)


def _names(value):
    """Yield the names in a configuration, in the order of the sorted keys."""
    if isinstance(value, dict):
        for key in sorted(value):
            if key == "name" and isinstance(value[key], str):
                yield value[key]
            yield from _names(value[key])
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _names(each)


def _renamed(value, names):
    """The configuration with other names, wherever a string is one."""
    if isinstance(value, dict):
        return {key: _renamed(each, names) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_renamed(each, names) for each in value]
    return names.get(value, value) if isinstance(value, str) else value


def _repr(value):
    if isinstance(value, (set, frozenset)):
        return sorted(map(_repr, value))
    return _ADDRESS.sub("", repr(value))
