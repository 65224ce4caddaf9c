"""Keras without TensorFlow's start-up messages: `from common.backend import keras, layers, ops`.

May import `utils`.
"""

import logging

from common.utils import freed_memory, quiet

freed_memory.keep()
with quiet.suppress_stderr():
    import keras
    from keras import layers, ops

__all__ = ["keras", "layers", "ops", "require_training"]

TRAINING_BACKENDS = ("tensorflow", "jax")


def require_training():
    """Raise ValueError unless the backend of Keras computes gradients, as NumPy's does not."""
    backend = keras.config.backend()
    if backend not in TRAINING_BACKENDS:
        known = " or ".join(TRAINING_BACKENDS)
        raise ValueError(f"KERAS_BACKEND={backend} cannot train networks: choose {known}")


def _is_relevant(record):
    """False for TensorFlow's warning about retracing: one traced function per model is intended."""
    return "triggered tf.function retracing" not in record.getMessage()


logging.getLogger("tensorflow").addFilter(_is_relevant)
