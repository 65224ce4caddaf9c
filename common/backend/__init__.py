"""Keras, imported quietly: `from common.backend import keras, layers, ops`.

May import `utils` alone.
"""

import logging

from common.utils import quiet

with quiet.suppress_stderr():
    import keras
    from keras import layers, ops

__all__ = ["keras", "layers", "ops"]


def _is_news(record):
    """Not TensorFlow's advice against a function for each model, which is what we want."""
    return "triggered tf.function retracing" not in record.getMessage()


logging.getLogger("tensorflow").addFilter(_is_news)
