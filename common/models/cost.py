"""What a net costs: parameters, multiply-adds of one image, megabytes."""

import math


def parameters(model):
    """Number of trainable parameters."""
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


def megabytes(model):
    """Size of all weights as float32, moving statistics included, in 10^6 bytes."""
    return 4 * sum(math.prod(weight.shape) for weight in model.weights) / 1e6


def multiply_adds(model):
    """Multiply-adds of one image through the convolutions and dense layers.

    A layer's kernel is used once at every position of its output; biases, normalizations,
    activations and pooling are not counted, as papers have it.
    """
    total = 0
    for layer in model.layers:
        if hasattr(layer, "layers"):  # a model in the model: a member of an ensemble
            total += multiply_adds(layer)
        elif hasattr(layer, "kernel"):
            positions = math.prod(layer.output.shape[1:-1])
            total += positions * math.prod(layer.kernel.shape)
    return total
