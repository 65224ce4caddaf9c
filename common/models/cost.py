"""Cost of a network: parameters, multiply-adds per image, megabytes."""

import math


def parameters(model):
    """Number of trainable parameters."""
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


def megabytes(model):
    """Size of all weights in float32, moving statistics included, in 10⁶ bytes."""
    return 4 * sum(math.prod(weight.shape) for weight in model.weights) / 1e6


def multiply_adds(model):
    """Multiply-adds of the convolutions and dense layers for one image.

    A layer's kernel counts once for every position of its output. As usual in papers, biases,
    normalizations, activations and pooling are not counted.
    """
    total = 0
    for layer in model.layers:
        if hasattr(layer, "layers"):  # a nested model, such as a member of an ensemble
            total += multiply_adds(layer)
        elif hasattr(layer, "kernel"):
            positions = math.prod(layer.output.shape[1:-1])
            total += positions * math.prod(layer.kernel.shape)
    return total
