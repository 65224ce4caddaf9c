"""One block of each family, with random weights, against a forward pass in plain NumPy."""

import re

import numpy as np
import pytest

from common.backend import keras, layers
from common.models import mobilenet, resnet, shufflenet, shufflenet_v2, wide_resnet
from common.models.blocks import channel_shuffle, group_convolution
from tests.support.numpy_layers import convolution, depthwise, normalized, relu, shuffled, windows

RANDOM = np.random.default_rng(0)
SIDE = 6  # even: the position of a strided window depends on the padding


def checked(block, channels, expected):
    """Compare `block` on random input and weights with `expected(x, kernels, normalizations)`.

    Both are lists in the order in which the block created its layers.
    """
    keras.utils.clear_session()  # layers are numbered from zero again
    inputs = keras.Input((SIDE, SIDE, channels))
    model = keras.Model(inputs, block(inputs))
    for layer in model.layers:
        layer.set_weights([RANDOM.uniform(0.5, 1.5, w.shape) - 0.7 for w in layer.get_weights()])
        if isinstance(layer, layers.BatchNormalization):
            layer.moving_variance.assign(RANDOM.uniform(0.5, 1.5, layer.moving_variance.shape))
    x = RANDOM.normal(size=(2, SIDE, SIDE, channels)).astype("float32")
    kernels = [np.asarray(layer.kernel) for layer in made(model, "kernel")]
    statistics = [layer.get_weights() for layer in made(model, "moving_mean")]
    wanted = expected(x.astype("float64"), kernels, statistics)
    scale = np.abs(wanted).max()
    np.testing.assert_allclose(np.asarray(model(x)) / scale, wanted / scale, atol=1e-5)


def made(model, attribute):
    """The layers with `attribute`, depthwise ones last, in the order in which they were made."""

    def key(layer):
        number = re.search(r"_(\d+)$", layer.name)
        return type(layer).__name__ == "DepthwiseConv2D", int(number.group(1)) if number else 0

    return sorted((la for la in model.layers if hasattr(la, attribute)), key=key)


@pytest.mark.parametrize("strides", [1, 2])
def test_basic_block(strides):
    def expected(x, kernels, statistics):
        y = relu(normalized(convolution(x, kernels[0], strides), statistics[0]))
        y = normalized(convolution(y, kernels[1]), statistics[1])
        if strides == 2:
            x = normalized(convolution(x, kernels[2], strides), statistics[2])
        return relu(x + y)

    checked(lambda x: resnet.basic_block(x, 4 * strides, strides), 4, expected)


@pytest.mark.parametrize("strides", [1, 2])
def test_wide_block(strides):
    def expected(x, kernels, statistics):
        active = relu(normalized(x, statistics[0]))
        first, second = kernels[-2:]
        y = relu(normalized(convolution(active, first, strides), statistics[1]))
        shortcut = convolution(active, kernels[0], strides) if strides == 2 else x
        return shortcut + convolution(y, second)

    checked(lambda x: wide_resnet.wide_block(x, 4 * strides, strides), 4, expected)


def test_preactivation_bottleneck():
    def expected(x, kernels, statistics):
        y = convolution(relu(normalized(x, statistics[0])), kernels[0])
        y = convolution(relu(normalized(y, statistics[1])), kernels[1])
        return x + convolution(relu(normalized(y, statistics[2])), kernels[2])

    checked(lambda x: resnet.bottleneck(x, 2, 1), 8, expected)


@pytest.mark.parametrize("strides", [1, 2])
def test_inverted_residual(strides):
    def expected(x, kernels, statistics):
        widened, narrowed, spatial = kernels
        y = relu(normalized(convolution(x, widened), statistics[0]))
        y = relu(normalized(depthwise(y, spatial, strides), statistics[1]))
        y = normalized(convolution(y, narrowed), statistics[2])
        return x + y if strides == 1 else y

    checked(lambda x: mobilenet.inverted_residual(x, 4, 6, strides), 4, expected)


@pytest.mark.parametrize("active", [False, True], ids=["paper", "repdistiller"])
@pytest.mark.parametrize("strides", [1, 2])
def test_shufflenet_unit(strides, active):
    def expected(x, kernels, statistics):
        first, second = (np.concatenate(kernels[at : at + 3], axis=-1) for at in (0, 3))
        spatial = kernels[6]
        y = shuffled(relu(normalized(convolution(x, first, groups=3), statistics[0])), 3)
        y = normalized(depthwise(y, spatial, strides), statistics[1])
        y = relu(y) if active else y
        y = normalized(convolution(y, second, groups=3), statistics[2])
        if strides == 1:
            return relu(x + y)
        average = windows(x, 3, 2).mean(axis=(3, 4))
        return relu(np.concatenate([y, average], axis=-1))

    def block(x):
        return shufflenet.unit(
            x, 12 * strides, strides, (3, 3), lambda channels, added: added // 2, active=active
        )

    checked(block, 12, expected)


def test_shufflenet_v2_unit():
    def expected(x, kernels, statistics):
        passing, y = x[..., :4], x[..., 4:]
        first, second, spatial = kernels
        y = relu(normalized(convolution(y, first), statistics[0]))
        y = normalized(depthwise(y, spatial), statistics[1])
        y = relu(normalized(convolution(y, second), statistics[2]))
        return shuffled(np.concatenate([passing, y], axis=-1), 2)

    checked(shufflenet_v2.unit, 8, expected)


def test_shufflenet_v2_halving_unit():
    def expected(x, kernels, statistics):
        left, first, second, left_spatial, spatial = kernels
        a = normalized(depthwise(x, left_spatial, 2), statistics[0])
        a = relu(normalized(convolution(a, left), statistics[1]))
        b = relu(normalized(convolution(x, first), statistics[2]))
        b = normalized(depthwise(b, spatial, 2), statistics[3])
        b = relu(normalized(convolution(b, second), statistics[4]))
        return shuffled(np.concatenate([a, b], axis=-1), 2)

    checked(lambda x: shufflenet_v2.halving_unit(x, 12), 4, expected)


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_group_convolution_and_shuffle(groups):
    def expected(x, kernels, _):
        kernel = np.concatenate(kernels, axis=-1)
        return shuffled(convolution(x, kernel, groups=groups), groups)

    checked(lambda x: channel_shuffle(group_convolution(x, 12, groups), groups), 8, expected)


def test_group_convolution_learns_as_an_ordinary_one_with_zeros_between_the_groups():
    """One step of SGD on both from the same weights: the same weights again."""
    inputs = keras.Input((4, 4, 6))
    grouped = keras.Model(inputs, group_convolution(inputs, 9, 3))
    full = keras.Sequential([keras.Input((4, 4, 6)), layers.Conv2D(9, 1, use_bias=False)])
    full.set_weights([_block_diagonal(grouped.get_weights())])
    x, y = (RANDOM.normal(size=(5, 4, 4, count)).astype("float32") for count in (6, 9))
    for model in (grouped, full):
        model.compile(keras.optimizers.SGD(0.1), "mse", run_eagerly=True)
        model.train_on_batch(x, y)
    between = _block_diagonal([np.ones((1, 1, 2, 3))] * 3)
    expected = between * full.get_weights()[0]
    np.testing.assert_allclose(_block_diagonal(grouped.get_weights()), expected, atol=1e-6)


def _block_diagonal(kernels):
    full = np.zeros((1, 1, 6, 9))
    for group, kernel in enumerate(kernels):
        full[:, :, 2 * group : 2 * group + 2, 3 * group : 3 * group + 3] = kernel
    return full
