"""Kind of a model's outputs, read from its graph: logits, probabilities or unknown."""

from common.backend import keras

LOGITS, UNKNOWN = "logits", "unknown"
_BOUNDED = {"softmax", "softmax_v2", "sparsemax", "sigmoid", "hard_sigmoid"}  # Keras's, TF's, JAX's
_TRANSPARENT = {  # layers and operations that change shape or dtype only
    *("Identity", "Reshape", "Flatten", "Permute", "Transpose", "Squeeze", "ExpandDims"),
    *("Cast", "Dropout", "StopGradient"),
}


def kind_of_output(model):
    """LOGITS, UNKNOWN, or the function that returns probabilities, such as "softmax" or "sigmoid".

    Args:
        model: keras.Model; UNKNOWN if it has no graph, as a subclass.
    """
    operation, tensor = _producer(model)
    while operation is not None:
        if isinstance(operation, keras.Model):
            operation, tensor = _producer(operation)
            continue
        name = _activation_name(operation)
        if name in _BOUNDED:
            return name.removesuffix("_v2")
        if type(operation).__name__ in _TRANSPARENT and name in ("", "linear"):
            operation, tensor = _before(operation, tensor)
            continue
        dense = isinstance(operation, (keras.layers.Dense, keras.layers.Conv2D))
        return LOGITS if dense and name == "linear" else UNKNOWN
    return UNKNOWN


def logits_model(model):
    """A model that returns the logits before the softmax that `model` ends in; else the model.

    Args:
        model: keras.Model; its weights are shared.

    Raises:
        ValueError: a softmax inside a nested model, or behind layers that change the shape.
    """
    if kind_of_output(model) != "softmax":
        return model
    operation, _ = _producer(model)
    if isinstance(operation, keras.Model) or _activation_name(operation) not in _BOUNDED:
        raise ValueError(
            f"the softmax of model {model.name!r} is not its last layer: pass a function images -> "
            "probabilities, such as model.predict_on_batch"
        )
    if not isinstance(operation, (keras.layers.Dense, keras.layers.Conv2D)):
        return keras.Model(model.inputs, operation.input, name=model.name)
    linear = operation.from_config(operation.get_config() | {"activation": "linear"})
    outputs = linear(operation.input)
    linear.set_weights(operation.get_weights())
    return keras.Model(model.inputs, outputs, name=model.name)


def _activation_name(operation):
    """Name of the function that an operation or layer applies last; "" if it has none."""
    if isinstance(operation, keras.layers.Lambda):
        return getattr(operation.function, "__name__", "")
    if type(operation).__name__ in ("Softmax", "Sigmoid", "HardSigmoid", "Sparsemax"):
        return type(operation).__name__.lower()
    activation = getattr(operation, "activation", None)
    return getattr(activation, "__name__", "") if activation is not None else ""


def _producer(model):
    """(operation, tensor) of a model's only output; (its last layer, None) without a graph."""
    outputs = getattr(model, "outputs", None)
    if outputs and len(outputs) == 1 and hasattr(outputs[0], "_keras_history"):
        return outputs[0]._keras_history.operation, outputs[0]
    sequential = isinstance(model, keras.Sequential) and model.layers
    return (model.layers[-1] if sequential else None), None


def _before(operation, tensor):
    """(operation, tensor) whose output is the first input of the operation that made `tensor`."""
    if tensor is None:
        return None, None
    node = operation._inbound_nodes[tensor._keras_history.node_index]
    inputs = node.input_tensors
    if len(inputs) != 1:
        return None, None
    return inputs[0]._keras_history.operation, inputs[0]
