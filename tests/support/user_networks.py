"""Users' networks, whose ids must be the same in each process and backend.

python -m tests.support.user_networks    # prints {name: id} as JSON
"""

import functools
import json

import numpy as np

from common.backend import keras, layers
from common.models import architecture

SHAPE = (28, 28, 1)


def doubled(x):
    return 2 * x


class Subclassed(keras.Model):
    def __init__(self, classes=10):
        super().__init__()
        self.scale, self.flatten = layers.Rescaling(1 / 255), layers.Flatten()
        self.dense = layers.Dense(classes)

    def call(self, images):
        return self.dense(self.flatten(self.scale(images)))


class Described(layers.Layer):
    """A layer with a function and a tuple of layers in it, and quotes in its source: 5" wide."""

    def __init__(self, activation=doubled, **options):
        super().__init__(**options)
        self.activation = activation
        self.parts = (layers.Dense(4), layers.Dense(5))

    def call(self, images):
        return self.activation(self.parts[1](self.parts[0](images)))  # 3" more

    def get_config(self):
        return super().get_config() | {"activation": self.activation}


class Unserializable(layers.Layer):
    """A layer that has no configuration, for its constructor needs an argument."""

    def __init__(self, parts):
        super().__init__()
        self.parts = parts

    def call(self, images):
        for part in self.parts:
            images = part(images)
        return images


class Holder(Subclassed):
    def __init__(self):
        super().__init__()
        self.first = (Described(), layers.Dense(7, activation=lambda x: x + 1))

    def call(self, images):
        return super().call(self.first[1](self.first[0](images)))


class Functional(keras.Model):
    """A subclass whose configuration has neither its layers nor its arguments."""

    def __init__(self, activation="relu"):
        inputs = keras.Input(SHAPE)
        hidden = layers.Dense(4, activation)(layers.Flatten()(inputs))
        super().__init__(inputs, layers.Dense(10)(hidden))


def stack(*first):
    return keras.Sequential([keras.Input(SHAPE), *first, layers.Flatten(), layers.Dense(10)])


def of_lambda():
    inputs = keras.Input(SHAPE)
    x = layers.Lambda(lambda x, mode="a": x / 255 if mode in {"a", "b", "c"} else x)(inputs)
    return keras.Model(inputs, layers.Dense(10)(layers.Flatten()(Described()(x))))


class Scaled(layers.Layer):
    def __init__(self, value=1.0, **options):
        super().__init__(**options)
        self._value = value

    def call(self, images):
        return images / 255


NETWORKS = {
    "subclass": Subclassed,
    "holder": Holder,
    "functional subclass": Functional,
    "lambda": of_lambda,
    "without a configuration": lambda: stack(Unserializable([layers.Dense(4)])),
    "named function": lambda: stack(layers.Dense(4, activation=doubled)),
    "private": lambda: stack(Scaled(np.float32(2))),
    "array": lambda: stack(Scaled(np.arange(3))),
    "partial": lambda: stack(Scaled(functools.partial(doubled, x=3))),
}


def digests():
    """{name: id} of all networks."""
    return {name: architecture.digest(build, SHAPE, 10) for name, build in NETWORKS.items()}


if __name__ == "__main__":
    print(json.dumps(digests()))
