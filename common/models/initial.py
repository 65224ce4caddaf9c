"""Initial weights from NumPy: one seed, one net, on every backend and whatever came before."""

import numpy as np


def he_normal(model, seed):
    """Set every kernel of `model` from N(0, 2 / fan_in); He et al. 2015, arXiv:1502.01852.

    Biases and normalization parameters keep the values they were built with. The last
    layer, which no ReLU follows, gets N(0, 1 / fan_in).
    """
    random = np.random.default_rng(seed)
    kernels = [layer for layer in model.layers if hasattr(layer, "kernel")]
    for layer in kernels:
        shape = layer.kernel.shape
        fan_in = np.prod(shape[:-1])
        gain = 1 if layer is kernels[-1] else 2
        layer.kernel.assign(random.normal(0, np.sqrt(gain / fan_in), shape).astype("float32"))
    return model
