"""Data of the page: images, logits, a teacher's weights and recorded sweeps, as JSON values.

Arrays are base64: images deflated uint8, labels uint8, logits and weights little-endian float16.
"""

import base64
import zlib

import numpy as np

from common import results
from common.backend import layers

TRAIN, TEST = 5_000, 2_000  # MNIST's images in the page: about 160 bytes each
MIN_TEMPERATURES = 3  # temperatures of a sweep
TEST_ONLY = 300  # images where no student trains in the page


def split_data(split, logits):
    """Images of a split with their labels and the teacher's logits.

    Args:
        split: data.Split, with at most 256 classes.
        logits: (n, classes) floats.
    """
    return {
        "count": len(split),
        "images": _base64(zlib.compress(np.ascontiguousarray(split.images).tobytes(), 9)),
        "labels": _base64(split.labels.astype("uint8").tobytes()),
        "logits": _half(logits),
    }


def teacher_layers(model):
    """Kernels and biases of a `models.cnn`, batch normalization folded into the convolutions.

    Returns:
        list of {kernel, bias, inputs, outputs}: the convolutions, then the dense layer.
    """
    kernels = [_kernel(layer) for layer in model.layers if isinstance(layer, layers.Conv2D)]
    normalizations = [n for n in model.layers if isinstance(n, layers.BatchNormalization)]
    folded = [_folded(*pair) for pair in zip(kernels, normalizations, strict=True)]
    dense = model.layers[-1].get_weights()
    return [_layer(kernel, bias) for kernel, bias in [*folded, dense]]


def pixel_scale(dataset):
    """{"mean", "deviation"} of gray pixels, with which the data set's networks normalize."""
    mean, deviation = dataset.pixel_statistics
    return {"mean": float(mean[0]), "deviation": float(deviation[0])}


def sweeps(groups, pairs, alpha):
    """Recorded test errors over T of students, with their baselines.

    Args:
        groups: list of results.SeedGroup.
        pairs: list of (student, teacher), two runs.ModelSpec each.
        alpha: of the distilled students.

    Returns:
        list of dicts, as curve_section.js reads them.
    """
    ours = results.Results(groups)
    sweeps_of_pairs = []
    for student, teacher in pairs:
        sweep = results.temperature_sweep(ours.distilled(student, teacher), alpha)
        baseline = ours.baseline(student)
        if baseline and len(sweep) >= MIN_TEMPERATURES:
            sweeps_of_pairs.append(_sweep(student, teacher, baseline, sweep, alpha))
    return sweeps_of_pairs


def _sweep(student, teacher, baseline, sweep, alpha):
    some = next(iter(baseline.seeds.values()))
    return {
        "student": student.title,
        "teacher": teacher.title,
        "alpha": alpha,
        "images": some["images"]["train"],
        "test": some["images"]["test"],
        "temperatures": [group.configuration["temperature"] for group in sweep],
        "errors": [group.values("errors").tolist() for group in sweep],
        "baseline": baseline.values("errors").tolist(),
    }


def _kernel(layer):
    return np.asarray(layer.kernel)


def _folded(kernel, normalization):
    """Kernel (3, 3, inputs, outputs) and bias of a convolution and its normalization."""
    gamma, beta, mean, variance = normalization.get_weights()
    scale = gamma / np.sqrt(variance + normalization.epsilon)
    return kernel * scale, beta - mean * scale


def _layer(kernel, bias):
    inputs, outputs = kernel.shape[-2:]
    shape = {"inputs": inputs, "outputs": outputs}
    return {"kernel": _half(kernel), "bias": _half(bias)} | shape


def _half(array):
    return _base64(np.asarray(array).astype("<f2").tobytes())


def _base64(content):
    return base64.b64encode(content).decode()
