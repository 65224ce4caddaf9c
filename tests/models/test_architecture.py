"""Ids of users' networks: equal in each call, process and backend, and of each code another."""

import functools
import json
import os
import subprocess
import sys

import keras
import pytest
import tensorflow as tf
from keras import layers

from common.models import architecture
from tests.support import user_networks
from tests.support.helpers import JAX
from tests.support.user_networks import SHAPE, Described, Functional, Scaled, Subclassed, stack


def digest(build):
    return architecture.digest(build, SHAPE, 10)


@pytest.fixture(scope="module")
def digests():
    return user_networks.digests()


def test_ids_are_the_same_in_each_call(digests):
    layers.Dense(3)  # Keras numbers names on
    assert user_networks.digests() == digests
    assert len(set(digests.values())) == len(digests)


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_ids_are_the_same_in_each_process_and_backend(digests, backend):
    """There the classes are of `__main__`, and sets have another order."""
    if backend == "jax":
        pytest.importorskip("jax", reason="pip install -e '.[jax]'")
    variables = JAX if backend == "jax" else {}
    result = subprocess.run(
        [sys.executable, "-m", "tests.support.user_networks"],
        env=os.environ | {"PYTHONHASHSEED": "7", "KERAS_BACKEND": backend} | variables,
        check=True,
        capture_output=True,
        text=True,
    )
    assert json.loads(result.stdout) == digests


def test_a_compiled_subclass_has_the_id_of_one_that_is_not():
    def compiled(classes):
        model = Subclassed(classes)
        model.compile("adam", "mse", steps_per_execution=2)
        return model

    assert digest(Subclassed) == digest(compiled)


def half(images):
    return images / 2


def third(images):
    return images / 3


def variant(**members):
    """Class of networks with one more member."""
    return type("Variant", (Subclassed,), members)


@pytest.mark.parametrize(
    "kind",
    [lambda f: f(1), lambda f: f, staticmethod, classmethod, property, tf.function],
    ids=["constant", "method", "static", "class", "property", "tf.function"],
)
def test_every_member_of_a_class_counts(kind):
    one, same, other = (variant(factor=kind(function)) for function in (half, half, third))
    digests = [digest(lambda c=c: c(10)) for c in (one, same, other)]
    assert digests[0] == digests[1] != digests[2]


class Attribute(Scaled):
    """A layer whose configuration does not have its function."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def get_config(self):
        return {}


@pytest.mark.parametrize(
    "builds",
    [
        [lambda f=f: stack(layers.Dense(4, activation=f)) for f in (half, third)],
        [lambda f=f: stack(layers.Lambda(f)) for f in (half, third)],
        [lambda f=f: stack(Described(f)) for f in (half, third)],
        [lambda f=f: stack(Attribute(f)) for f in (half, third)],
        [lambda v=v: stack(Scaled(v)) for v in (1.0, 2.0)],
        [lambda v=v: stack(Scaled({"a": [v]})) for v in (1.0, 2.0)],
        [lambda a=a: Functional(a) for a in ("relu", "tanh")],
        [
            lambda v=v: stack(Attribute(functools.partial(keras.activations.relu, max_value=v)))
            for v in (6, 8)
        ],
    ],
)
def test_what_is_computed_counts(builds):
    one, other = map(digest, builds)
    assert one == digest(builds[0]) != other


class Dropped(Subclassed):
    def __init__(self, classes, rate, factor=1.0):
        super().__init__(classes)
        self.dropout, self.factor = layers.Dropout(rate), factor

    def call(self, images, training=False):
        return self.factor * super().call(self.dropout(images, training=training))


def test_settings_of_a_subclass_count():
    builds = [
        lambda classes: Dropped(classes, 0.1),
        lambda classes: Dropped(classes, 0.9),
        lambda classes: Dropped(classes, 0.1, factor=2.0),
    ]
    digests = [digest(build) for build in builds]
    assert len(set(digests)) == 3
    assert digests[0] == digest(builds[0])


def test_the_source_of_a_layer_counts():
    class Scaled(layers.Layer):
        def call(self, images):
            return keras.ops.cast(images, "float32") / 255

    first = Scaled

    class Scaled(layers.Layer):
        def call(self, images):
            return keras.ops.cast(images, "float32") / 127.5 - 1

    def with_layer(layer):
        parts = [keras.Input(SHAPE), layer(), layers.Flatten(), layers.Dense(10)]
        return digest(lambda: keras.Sequential(parts))

    assert with_layer(first) == with_layer(first) != with_layer(Scaled)
