"""Batch normalization by TensorFlow's fused kernel: equal to Keras's layer, no class of ours."""

import copy
import json
import zipfile

import numpy as np
import pytest

from common import models
from common.backend import keras, layers, ops
from common.models.blocks import normalization


def pair(dtype, **options):
    """(ours, Keras's own), of one configuration and the same weights."""
    ours = normalization(dtype=dtype, **options)
    theirs = layers.BatchNormalization.from_config(ours.get_config())
    rng = np.random.default_rng(0)
    for layer in (ours, theirs):
        layer.build((None, 6, 5, 3))
    values = [rng.uniform(0.5, 2, weight.shape) for weight in ours.weights]
    for layer in (ours, theirs):
        layer.set_weights(values)
    return ours, theirs


def gradients(layer, x, upstream):
    tf = pytest.importorskip("tensorflow")
    with tf.GradientTape() as tape:
        inputs = tf.constant(x)
        tape.watch(inputs)
        y = layer(inputs, training=True)
        loss = tf.reduce_sum(tf.cast(y, "float32") * upstream)
    weights = [weight.value for weight in layer.trainable_weights]
    return np.asarray(ops.cast(y, "float32")), tape.gradient(loss, [inputs, *weights])


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("options", [{}, {"scale": False}, {"center": False}], ids=str)
def test_training_is_kerass_own(dtype, options):
    rng = np.random.default_rng(1)
    x = rng.normal(3, 2, (4, 6, 5, 3)).astype("float32")
    upstream = rng.normal(size=x.shape).astype("float32")
    ours, theirs = pair(dtype, **options)
    (y, slopes), (expected, others) = (gradients(layer, x, upstream) for layer in (ours, theirs))
    tolerance = 1e-5 if dtype == "float32" else 1e-2
    np.testing.assert_allclose(y, expected, atol=tolerance)
    for slope, other in zip(slopes, others, strict=True):
        np.testing.assert_allclose(slope, other, atol=5 * tolerance * np.abs(other).max())
    if dtype == "float32":
        for value, expected in zip(ours.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_allclose(value, expected, rtol=1e-6)


def test_the_kernel_is_what_trains():
    tf = pytest.importorskip("tensorflow")
    for layer, expected in zip(pair("float32"), (True, False), strict=True):
        graph = tf.function(lambda x, layer=layer: layer(x, training=True))
        traced = graph.get_concrete_function(tf.TensorSpec((4, 6, 5, 3))).graph
        kinds = {operation.type for operation in traced.get_operations()}
        assert ("FusedBatchNormV3" in kinds) == expected


def test_statistics_are_numpys():
    x = np.random.default_rng(2).normal(-1, 3, (4, 6, 5, 3))
    ours, _ = pair("float32")
    _, _, *before = ours.get_weights()
    ours(x.astype("float32"), training=True)
    _, _, *after = ours.get_weights()
    for old, new, moment in zip(before, after, (x.mean((0, 1, 2)), x.var((0, 1, 2))), strict=True):
        np.testing.assert_allclose(new, 0.9 * old + 0.1 * moment, rtol=1e-5)


def test_a_frozen_layer_keeps_its_statistics():
    ours, theirs = pair("float32")
    ours.trainable = theirs.trainable = False
    x, before = np.ones((2, 6, 5, 3), "float32"), ours.get_weights()
    np.testing.assert_array_equal(ours(x, training=True), theirs(x, training=True))
    np.testing.assert_array_equal(before, ours.get_weights())


def test_a_saved_net_needs_none_of_this_code(tmp_path):
    net = models.build("cnn", (28, 28, 1), 10, width=0.1)
    net.save(tmp_path / "net.keras")
    with zipfile.ZipFile(tmp_path / "net.keras") as archive:
        saved = json.loads(archive.read("config.json"))
    assert {layer["module"] for layer in saved["config"]["layers"]} == {"keras.layers"}
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28, 1), "uint8")
    again = keras.saving.load_model(tmp_path / "net.keras")
    for net_like in (again, copy.deepcopy(net), keras.models.clone_model(net)):
        net_like.set_weights(net.get_weights())
        np.testing.assert_array_equal(net_like(images), net(images))
        before = [weight.copy() for weight in net.get_weights()]
        net_like(images, training=True)  # updates only its own statistics
        np.testing.assert_array_equal(before[3], net.get_weights()[3])
        assert not np.array_equal(before[3], net_like.get_weights()[3])
