"""Precision of new layers: Keras's dtype policy, and what this machine computes in instead."""

import contextlib

from common.backend import hardware, keras


def supported(precision):
    """The precision of a recipe, or "float32" if the processor would emulate its bfloat16.

    Weights are in float32 either way, so that a training may continue on another machine.

    Args:
        precision: "float32" or "mixed_bfloat16".
    """
    emulated = precision == "mixed_bfloat16" and not hardware.has_bfloat16()
    return "float32" if emulated else precision


def substitution(precisions):
    """A sentence if this machine computes one of `precisions` in float32 instead; else None."""
    if all(supported(name) == name for name in precisions):
        return None
    return (
        "networks in mixed_bfloat16 are computed in float32: no bfloat16 instructions are listed "
        f"for {hardware.processor()}"
    )


@contextlib.contextmanager
def dtype_policy(name):
    """Context in which new layers have the dtype policy `name`, such as "mixed_bfloat16"."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
