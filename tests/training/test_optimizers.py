"""Optimizers and learning rates of recipes, step by step, against their definition."""

import math

import keras
import numpy as np
import pytest

from common.runs import Recipe
from common.training.optimizers import optimizer

STEPS = 7  # batches an epoch


def rates(recipe):
    """(steps,) learning rate of every step of a training."""
    built = optimizer(recipe, STEPS)
    values = []
    for step in range(recipe.epochs * STEPS):
        built.iterations.assign(step)
        values.append(float(built.learning_rate))
    return np.array(values)


def test_constant():
    np.testing.assert_allclose(rates(Recipe(2, schedule="constant", learning_rate=0.3)), 0.3)


def test_steps_fall_at_the_first_batch_of_a_milestone():
    recipe = Recipe(5, schedule="steps", learning_rate=0.5, milestones=(2, 4))
    expected = np.repeat([0.5, 0.5, 0.05, 0.05, 0.005], STEPS)
    np.testing.assert_allclose(rates(recipe), expected, rtol=1e-5)


@pytest.mark.parametrize("final", [0.0, 0.1])
def test_cosine(final):
    recipe = Recipe(4, learning_rate=0.2, final_lr_fraction=final)
    fraction = np.arange(28) / 28
    expected = 0.2 * (final + (1 - final) * (1 + np.cos(math.pi * fraction)) / 2)
    np.testing.assert_allclose(rates(recipe), expected, atol=1e-6)


def test_warm_up():
    warmed_up = rates(Recipe(4, learning_rate=0.2, warmup=0.25, final_lr_fraction=0.01))
    np.testing.assert_allclose(warmed_up[:8], 0.2 * np.arange(8) / 7, atol=1e-6)
    fraction = np.arange(21) / 21
    expected = 0.2 * (0.01 + 0.99 * (1 + np.cos(math.pi * fraction)) / 2)
    np.testing.assert_allclose(warmed_up[7:], expected, atol=1e-6)


def test_optimizers():
    assert isinstance(optimizer(Recipe(), STEPS), keras.optimizers.Adam)
    for name, nesterov in (("sgd", True), ("momentum", False)):
        sgd = optimizer(Recipe(optimizer=name), STEPS)
        assert isinstance(sgd, keras.optimizers.SGD)
        assert (sgd.momentum, sgd.nesterov) == (0.9, nesterov)
