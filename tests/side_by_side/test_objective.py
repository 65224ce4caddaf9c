"""What a student's model brings along counts: regularizers, `add_loss`; students stay apart."""

import keras
import numpy as np
import pytest
from keras import layers

from common.backend.precision import dtype_policy
from common.side_by_side import SideBySide, Student
from common.training.accelerated.stacked import StackedStudents, stackable

X = np.random.default_rng(0).normal(0, 1, (30, 4, 4, 1)).astype("float32")
Y = np.random.default_rng(1).integers(0, 10, 30)


class AddsLoss(layers.Layer):
    """Identity whose `add_loss` is a tenth of the mean square of its input."""

    def call(self, inputs):
        self.add_loss(0.1 * keras.ops.mean(keras.ops.square(inputs)))
        return inputs


def net(middle=(), seed=0, **dense):
    dense = {"kernel_initializer": keras.initializers.GlorotUniform(seed=seed)} | dense
    return keras.Sequential(
        [keras.Input((4, 4, 1)), layers.Flatten(), *middle, layers.Dense(10, **dense)]
    )


EXTRAS = {
    "kernel": lambda: net(kernel_regularizer=keras.regularizers.L2(0.5)),
    "bias": lambda: net(bias_regularizer=keras.regularizers.L1(0.3), bias_initializer="ones"),
    "activity": lambda: net(activity_regularizer=keras.regularizers.L2(0.2)),
    "add_loss": lambda: net([layers.Dense(8, kernel_initializer="ones"), AddsLoss()]),
}


def fit(model, targets, epochs=5, optimizer=None):
    model.compile(optimizer or keras.optimizers.SGD(0.1), run_eagerly=True, **loss_of(model))
    options = {"batch_size": 30, "epochs": epochs, "shuffle": False, "verbose": 0}
    history = model.fit(X, targets, validation_data=(X, targets), **options).history
    return history


def loss_of(model):
    if isinstance(model, SideBySide):
        return {}
    return {"loss": keras.losses.SparseCategoricalCrossentropy(from_logits=True)}


@pytest.mark.parametrize("extra", EXTRAS)
def test_regularizers_and_add_loss_count_as_in_keras(extra):
    single, beside, other = EXTRAS[extra](), EXTRAS[extra](), net(seed=1)
    expected = fit(single, Y)
    both = SideBySide({"a": Student(beside, 1, 0), "b": Student(other, 1, 0)})
    history = fit(both, Y)
    for mine, theirs in zip(beside.get_weights(), single.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)
    plain = net(seed=1)
    without = fit(plain, Y)  # the other student gets only its own
    for mine, theirs in zip(other.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)
    for key in ("loss", "val_loss"):
        sums = np.add(expected[key], without[key])
        np.testing.assert_allclose(history[key], sums, rtol=1e-5)


@pytest.mark.parametrize("extra", ["kernel", "bias", "activity"])
def test_what_a_stack_would_lose_is_not_stacked(extra):
    assert stackable({"a": Student(net(), 1, 0)})
    assert not stackable({"a": Student(EXTRAS[extra](), 1, 0)})
    frozen = net()
    frozen.layers[-1].trainable = False
    assert not stackable({"a": Student(frozen, 1, 0)})
    assert not stackable({"a": Student(net(bias_constraint="non_neg"), 1, 0)})


def scaled(optimizer):
    return keras.optimizers.LossScaleOptimizer(optimizer)


def test_options_that_mix_the_students_are_refused_in_any_wrapping():
    def both(kind=SideBySide):
        return kind({"a": Student(net(), 1, 0), "b": Student(net(), 1, 0)})

    single = SideBySide({"a": Student(net(), 1, 0)})
    with pytest.raises(ValueError, match="global_clipnorm would mix"):
        single.compile(scaled(keras.optimizers.Adam(global_clipnorm=1.0)))
    single.compile(scaled(keras.optimizers.Adam()))
    with pytest.raises(ValueError, match=r"loss scaling would mix the students.*mixed_bfloat16"):
        both().compile(scaled(keras.optimizers.Adam()))
    for optimizer in (keras.optimizers.Lamb(), keras.optimizers.Adafactor()):
        with pytest.raises(ValueError, match="would mix the students of a stack"):
            both(StackedStudents).compile(optimizer)


def test_float16_of_several_students_is_refused_where_it_is_scaled():
    with dtype_policy("mixed_float16"):
        both = SideBySide({"a": Student(net(), 1, 0), "b": Student(net(), 1, 0)})
        with pytest.raises(ValueError, match="loss scaling would mix the students"):
            both.compile("sgd")
        both.compile("sgd", auto_scale_loss=False)
