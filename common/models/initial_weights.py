"""Initial weights drawn in NumPy: the same for a seed on every backend and in any order."""

import numpy as np

from common.backend import layers


def he_normal(model, seed, fan="in"):
    """He initialization: every kernel from N(0, 2 / fan); He et al. 2015, arXiv:1502.01852.

    Biases and normalization parameters keep their initial values. The last layer, which no ReLU
    follows, is drawn from N(0, 1 / fan_in) whatever `fan` is.

    Args:
        model: keras.Model, changed in place.
        seed: an integer, or a tuple of integers, each at least 0.
        fan: "in", the inputs that one output sums over; or "out", a kernel's area times
            its output channels (for a depthwise kernel its area alone).

    Returns:
        `model`.
    """
    rng = np.random.default_rng(seed)
    kernels = [layer for layer in model.layers if hasattr(layer, "kernel")]
    for layer in kernels:
        last = layer is kernels[-1]
        deviation = np.sqrt((1 if last else 2) / _fan(layer, "in" if last else fan))
        values = rng.normal(0, deviation, layer.kernel.shape)
        layer.kernel.assign(values.astype("float32"))
    return model


def _fan(layer, fan):
    *area, inputs, outputs = layer.kernel.shape
    if isinstance(layer, layers.DepthwiseConv2D):
        return np.prod(area)
    return np.prod(area) * (inputs if fan == "in" else outputs)
