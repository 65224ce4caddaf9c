"""Text of user-defined classes and functions, equal in each process, for a hash of them."""

import functools
import inspect
import types

import numpy as np

from common.utils import files

_LIBRARIES = ("builtins", "common", "keras", "numpy", "tensorflow", "torch")  # packages


def is_user_defined(thing):
    """Whether a class or function is not of Python, Keras, its backend or this repository."""
    module = getattr(thing, "__module__", None) or "builtins"
    return module.partition(".")[0] not in _LIBRARIES


def class_source(some_class):
    """[name, members] of a user-defined class and of each of its user-defined bases.

    A notebook knows the source of a method, but not that of a class.
    """
    bases = [base for base in some_class.__mro__ if is_user_defined(base)]
    return [
        [base.__qualname__, [*filter(None, map(_member, vars(base).items()))]] for base in bases
    ]


def function_source(function):
    """Source of a function, with what a partial one fixes; None of what is no function.

    Library functions are known by their names.
    """
    if isinstance(function, functools.partial):
        fixed = plain([*function.args, *function.keywords.items()])
        return [function_source(function.func), fixed]
    function = inspect.unwrap(_function_in(function))
    if not inspect.isfunction(function):
        return None
    if not is_user_defined(function):
        return f"{function.__module__}.{function.__qualname__}"
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):  # defined in a console
        return f"{function.__qualname__} {code_text(function.__code__)}"


def code_text(code):
    """Text of compiled code, and of what it contains, without the file that it comes from."""
    return f"{code.co_code.hex()} {code.co_names} {[_constant(each) for each in code.co_consts]}"


def plain(value):
    """A value of numbers, strings, arrays and containers of them as JSON values.

    Returns:
        JSON values; NotImplemented if it holds anything else.
    """
    if isinstance(value, np.ndarray) and value.ndim:
        return f"array {files.sha256_of([value])}" if value.dtype != object else NotImplemented
    if isinstance(value, (np.generic, np.ndarray)):
        return plain(value.item())
    if isinstance(value, dict):
        value = [[str(key), value[key]] for key in sorted(value, key=str)]
    if isinstance(value, (list, tuple)):
        values = [plain(each) for each in value]
        return NotImplemented if any(each is NotImplemented for each in values) else values
    return value if isinstance(value, (bool, int, float, str, type(None))) else NotImplemented


def _member(item):
    """[name, source or value] of an attribute of a class; None if it is neither."""
    name, value = item
    parts = (value.fget, value.fset) if isinstance(value, property) else (value,)
    if sources := [source for part in parts if (source := function_source(part))]:
        return [name, sources]
    if name.startswith("__") or plain(value) is NotImplemented:
        return None
    return [name, plain(value)]


def _function_in(member):
    """The function in a static or class method, cached property or tf.function, or the member."""
    for name in ("__func__", "python_function"):
        member = getattr(member, name, member)
    return member.func if isinstance(member, functools.cached_property) else member


def _constant(value):
    if isinstance(value, types.CodeType):
        return code_text(value)
    if isinstance(value, frozenset):  # whose order is another in each process
        return f"frozenset {sorted(map(repr, value))}"
    return repr(value)
