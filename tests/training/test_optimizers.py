"""A recipe's learning rate, step by step, against its definition."""

import math

import keras
import numpy as np
import pytest

from common.runs import Recipe
from common.training.optimizers import optimizer

STEPS = 7  # batches an epoch


def rates(recipe):
    """The rate of every step of a training."""
    made = optimizer(recipe, STEPS)
    found = []
    for step in range(recipe.epochs * STEPS):
        made.iterations.assign(step)
        found.append(float(made.learning_rate))
    return np.array(found)


def test_constant():
    np.testing.assert_allclose(rates(Recipe(2, schedule="constant", learning_rate=0.3)), 0.3)


def test_steps_fall_with_the_first_batch_of_a_milestone():
    recipe = Recipe(5, schedule="steps", learning_rate=0.5, milestones=(2, 4))
    expected = np.repeat([0.5, 0.5, 0.05, 0.05, 0.005], STEPS)
    np.testing.assert_allclose(rates(recipe), expected, rtol=1e-5)


@pytest.mark.parametrize("final", [0.0, 0.1])
def test_cosine(final):
    recipe = Recipe(4, learning_rate=0.2, final_lr_fraction=final)
    share = np.arange(28) / 28
    expected = 0.2 * (final + (1 - final) * (1 + np.cos(math.pi * share)) / 2)
    np.testing.assert_allclose(rates(recipe), expected, atol=1e-6)


def test_warm_up():
    found = rates(Recipe(4, learning_rate=0.2, warmup=0.25, final_lr_fraction=0.01))
    np.testing.assert_allclose(found[:8], 0.2 * np.arange(8) / 7, atol=1e-6)
    share = np.arange(21) / 21
    expected = 0.2 * (0.01 + 0.99 * (1 + np.cos(math.pi * share)) / 2)
    np.testing.assert_allclose(found[7:], expected, atol=1e-6)


def test_optimizers():
    assert isinstance(optimizer(Recipe(), STEPS), keras.optimizers.Adam)
    sgd = optimizer(Recipe(optimizer="sgd"), STEPS)
    assert isinstance(sgd, keras.optimizers.SGD) and (sgd.momentum, sgd.nesterov) == (0.9, True)
