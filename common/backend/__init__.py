"""Keras, imported quietly: `from common.backend import keras, layers, ops`.

May import `utils`.
"""

import logging

from common.utils import quiet

with quiet.suppress_stderr():
    import keras
    from keras import layers, ops

__all__ = ["keras", "layers", "ops"]


def _is_relevant(record):
    """False for TensorFlow's advice on retracing: one traced function per model is intended."""
    return "triggered tf.function retracing" not in record.getMessage()


logging.getLogger("tensorflow").addFilter(_is_relevant)
