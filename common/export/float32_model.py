"""Copy of a network in float32 whose constants are part of its graph, ready for conversion."""

import numpy as np

from common.backend import keras
from common.utils.messages import first_line

_REDUCED = {"mixed_bfloat16", "mixed_float16", "bfloat16", "float16"}


def float32_copy(model):
    """A copy of a network that computes in float32, with the same weights.

    The mean and the deviation of a Normalization become constants of the graph; Keras's own
    export to ONNX makes them inputs that each call has to pass.

    Args:
        model: keras.Model, of any precision.

    Raises:
        ValueError: a model that cannot be built from its configuration, as a subclass without
            `get_config`.
    """
    try:
        config = keras.saving.serialize_keras_object(model)
        config.pop("compile_config", None)
        copy = keras.saving.deserialize_keras_object(_in_float32(config))
    except (NotImplementedError, TypeError, ValueError) as error:
        raise ValueError(
            f"the model {model.name!r} cannot be built again from its configuration "
            f"({first_line(error)}): export a model of Keras's layers, or give its classes "
            "get_config and keras.saving.register_keras_serializable"
        ) from None
    copy.set_weights([np.asarray(weight, "float32") for weight in model.get_weights()])
    for layer in copy._flatten_layers():
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()  # `call` reads copies of the weights that `adapt` sets
            layer.mean, layer.variance = np.asarray(layer.mean), np.asarray(layer.variance)
    return copy


def is_float32(model):
    """Whether a network's configuration has no dtype of fewer bits than float32."""
    config = keras.saving.serialize_keras_object(model)
    return _in_float32(config) == config


def _in_float32(config):
    """A configuration in which every dtype of fewer bits is float32."""
    if isinstance(config, dict):
        return {key: _in_float32(value) for key, value in config.items()}
    if isinstance(config, list | tuple):
        return type(config)(_in_float32(value) for value in config)
    return "float32" if isinstance(config, str) and config in _REDUCED else config
