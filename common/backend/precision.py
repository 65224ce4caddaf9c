"""Precision of new layers: Keras's dtype policy, set for a block."""

import contextlib

from common.backend import keras


@contextlib.contextmanager
def dtype_policy(name):
    """Context in which new layers have the dtype policy `name`, such as "mixed_bfloat16"."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
