"""Hash of a user's network: of its configuration, its weights' shapes and its classes' source."""

import base64
import inspect
import json
import marshal
import re
import types
import warnings

import numpy as np

from common.backend import keras
from common.backend.precision import dtype_policy
from common.models import user_models
from common.utils import files

_LIBRARIES = ("builtins", "common", "keras", "tensorflow", "torch")  # packages
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")  # in a repr, another in each process


def digest(function, image_shape, classes, pixel_statistics=None, options=None):
    """16 hexadecimal digits of a hash of the configuration of the model that `function` builds.

    The function is called each time, for what it reads outside its arguments may have changed.

    Names that Keras numbers, such as dense_7, do not count. Of user-defined classes, whose
    configuration says little, the source of the methods and plain attributes count too; of a
    subclass of keras.Model, also the configurations of its layers and its plain attributes:
    numbers, strings, and lists and tuples of them.

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
    """JSON values of a model's layers and weights, and of the source of user-defined classes."""
    described = {"weights": [list(weight.shape) for weight in model.weights]}
    parts = list(model._flatten_layers(include_self=False))
    if defined := {type(part) for part in parts if _is_user_defined(type(part))}:
        described |= {"classes": sorted((_source(each) for each in defined), key=repr)}
    if isinstance(model, keras.Sequential) or getattr(model, "outputs", None):
        return described | {"config": _serialized(model)}
    described |= {"layers": [_layer_configuration(layer) for layer in parts]}
    return described | {"source": _source(type(model)), "attributes": _attributes(model)}


def _is_user_defined(some_class):
    """Whether a class is not of Python, Keras, its backend or this repository."""
    return some_class.__module__.partition(".")[0] not in _LIBRARIES


def _source(some_class):
    """[name, members] of a user-defined class and of each of its user-defined bases.

    A notebook knows the source of a method, but not that of a class.
    """
    bases = [base for base in some_class.__mro__ if _is_user_defined(base)]
    return [
        [base.__qualname__, [*filter(None, map(_member, vars(base).items()))]] for base in bases
    ]


def _member(item):
    """[name, source or value] of an attribute of a class; None if it is neither."""
    name, value = item
    parts = (value.fget, value.fset) if isinstance(value, property) else (value,)
    functions = [inspect.unwrap(_function_of(part)) for part in parts]
    if sources := [_function_source(f) for f in functions if inspect.isfunction(f)]:
        return [name, sources]
    return [name, value] if _is_plain(value) and not name.startswith("__") else None


def _function_of(member):
    """The function in a static or class method, cached property or tf.function, or the member."""
    for name in ("__func__", "python_function", "func"):
        member = getattr(member, name, member)
    return member


def _function_source(function):
    """Source of a function; its compiled code if it was defined in a console."""
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        return f"{function.__qualname__} {_code(function.__code__)}"


def _code(code):
    """Text of compiled code, and of what it contains, without the file that it comes from."""
    constants = [_code(c) if isinstance(c, types.CodeType) else repr(c) for c in code.co_consts]
    return f"{code.co_code.hex()} {code.co_names} {constants}"


def _layer_configuration(layer):
    """Configuration and attributes of a layer of a subclass; no configuration if it has none."""
    try:
        own = _attributes(layer) if _is_user_defined(type(layer)) else {}
        return [_serialized(layer), own]
    except (NotImplementedError, TypeError):
        return [type(layer).__qualname__, _attributes(layer)]


def _serialized(layer):
    """The configuration of a layer or model, in which lambdas are their code."""
    with warnings.catch_warnings():  # a file with a lambda is unsafe to load, but this is none
        warnings.filterwarnings("ignore", "The object being serialized includes a `lambda`")
        return _with_code(keras.saving.serialize_keras_object(layer)["config"])


def _with_code(value):
    """Keras's serialized values, in which lambdas are text, without the file they come from."""
    if isinstance(value, dict) and value.get("class_name") == "__lambda__":
        parts = dict(value["config"])  # of an activation "value", of a Lambda layer "code"
        compiled = base64.b64decode(parts.pop("value", None) or parts.pop("code"))
        return [_code(marshal.loads(compiled)), _with_code(parts)]
    if isinstance(value, dict):
        return {key: _with_code(each) for key, each in value.items()}
    return [_with_code(each) for each in value] if isinstance(value, (list, tuple)) else value


def _attributes(layer):
    """{name: value} of the plain attributes that a layer's or model's class sets."""
    if isinstance(layer, keras.Model):
        reference = keras.Model()
        reference.compile("sgd", "mse")  # sets more attributes, which say nothing of the network
    else:
        reference = keras.layers.Layer()
    return {
        name: value
        for name, value in sorted(vars(layer).items())
        if name not in vars(reference) and not name.startswith("_") and _is_plain(value)
    }


def _is_plain(value):
    """Whether a value is a number, string or None, or a list or tuple of such values."""
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return isinstance(value, (bool, int, float, str, type(None)))


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
    return _ADDRESS.sub("", repr(value))
