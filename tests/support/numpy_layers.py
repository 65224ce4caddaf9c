"""Reference forward passes of layers in NumPy, float64, to check the models' blocks against."""

import numpy as np


def convolution(x, kernel, strides=1, groups=1):
    """x (n, h, w, c), kernel (k, k, c / groups, out), k // 2 zeros on each side."""
    size, (inputs, outputs) = kernel.shape[0], (kernel.shape[2], kernel.shape[3] // groups)
    patches = [
        np.einsum(
            "nhwpqc,pqco->nhwo",
            windows(x[..., group * inputs : (group + 1) * inputs], size, strides),
            kernel[..., group * outputs : (group + 1) * outputs],
        )
        for group in range(groups)
    ]
    return np.concatenate(patches, axis=-1)


def depthwise(x, kernel, strides=1):
    """x (n, h, w, c), kernel (k, k, c, 1): each channel is convolved separately."""
    return np.einsum("nhwpqc,pqc->nhwc", windows(x, kernel.shape[0], strides), kernel[..., 0])


def windows(x, size, strides):
    """(n, h', w', size, size, c): the zero-padded neighborhoods of every strides-th pixel."""
    margin = size // 2
    padded = np.pad(x, ((0, 0), (margin, margin), (margin, margin), (0, 0)))
    views = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(1, 2))
    return views[:, ::strides, ::strides].transpose(0, 1, 2, 4, 5, 3)


def normalized(x, parameters):
    """Batch normalization by moving statistics; parameters in the order of a layer's weights."""
    gamma, beta, mean, variance = parameters
    return gamma * (x - mean) / np.sqrt(variance + 1e-5) + beta


def relu(x):
    return np.maximum(x, 0)


def shuffled(x, groups):
    """Channel shuffle, one channel after the other: channel i of group g becomes i · groups + g."""
    size = x.shape[-1] // groups
    result = np.empty_like(x)
    for group in range(groups):
        for index in range(size):
            result[..., index * groups + group] = x[..., group * size + index]
    return result
