"""Keras, imported quietly: `from common.backend import keras, layers, ops`."""

from common import quiet

with quiet.imports():
    import keras
    from keras import layers, ops

__all__ = ["keras", "layers", "ops"]
