"""Classes masked by a logit of -inf add 0 to a loss, not nan; values against SciPy, float64."""

import numpy as np
import pytest
from scipy import special

from common import metrics
from common.backend import keras, ops
from common.losses import distillation_loss, hard_label_loss

INF = np.inf
TEACHER = np.array([[1, 2, -INF, 0.5], [0, -INF, -INF, 1], [3, -INF, 1, 2]], "float32")
STUDENTS = {
    "masked too": np.array([[0, 1, -INF, 2], [1, -INF, -INF, 0], [3, -INF, 1, 2.5]], "float32"),
    "unmasked": np.array([[0, 1, 3, 2], [1, 0.5, 2, 0], [3, 4, 1, 2.5]], "float32"),
    "alone": np.array([[0, -INF, 3, 2], [-INF, 0, 2, 0], [-INF, 4, 1, 2]], "float32"),
}


@pytest.mark.parametrize("temperature", [0.5, 1, 4, 20, 100, 1e4])
@pytest.mark.parametrize("student", STUDENTS)
def test_soft_target_loss(student, temperature):
    pair = (np.float64(logits) / temperature for logits in (TEACHER, STUDENTS[student]))
    p, q = (special.softmax(logits, axis=1) for logits in pair)
    expected = temperature**2 * special.rel_entr(p, q).sum(axis=1)
    if temperature > 1:  # small p - q cancels even in float64
        p, q = (
            special.log_softmax(np.float64(z) / temperature, axis=1)
            for z in (TEACHER, STUDENTS[student])
        )
        support = np.isfinite(p)
        shift = np.where(
            support & np.isfinite(q), p - np.where(support, q, 0), np.where(support, INF, 0)
        )
        expected = temperature**2 * (np.where(support, np.exp(p), 0) * shift).sum(axis=1)
    loss = ops.convert_to_numpy(distillation_loss(STUDENTS[student], TEACHER, temperature))
    np.testing.assert_allclose(loss, expected, rtol=1e-3, atol=2e-3)


@pytest.mark.parametrize("temperature", [1, 4, 200])
@pytest.mark.parametrize("student", ["masked too", "unmasked"])
def test_gradient_is_that_of_the_definition(student, temperature):
    """dL/ds = T (q - p), in float64; the variable itself is finite."""
    mask = np.where(np.isfinite(STUDENTS[student]), 0, -INF).astype("float32")
    shift = keras.Variable(np.zeros_like(mask))
    step = shift_gradient(
        lambda s: ops.sum(distillation_loss(STUDENTS[student] + s, TEACHER, temperature)), shift
    )
    p, q = (
        special.softmax(np.float64(z) / temperature, axis=1) for z in (TEACHER, STUDENTS[student])
    )
    np.testing.assert_allclose(step, temperature * (q - p), rtol=2e-3, atol=2e-5)


def shift_gradient(function, variable):
    if keras.config.backend() == "jax":
        import jax

        return np.asarray(jax.grad(function)(variable.value))
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(variable.value)
        loss = function(variable.value)
    return tape.gradient(loss, variable.value).numpy()


def test_hard_label_loss():
    labels = np.array([1, 3, 0])
    expected = -special.log_softmax(np.float64(TEACHER), axis=1)[range(3), labels]
    loss = ops.convert_to_numpy(hard_label_loss(TEACHER, labels))
    np.testing.assert_allclose(loss, expected, rtol=1e-6)
    one = ops.convert_to_numpy(hard_label_loss(TEACHER[:1], np.array([2])))
    assert one == INF  # the label itself is masked


@pytest.mark.skipif(keras.config.backend() == "tensorflow", reason="TensorFlow raises")
@pytest.mark.parametrize("label", [-1, 4, 1000])
def test_a_label_that_is_no_class_has_no_loss(label):
    assert np.isnan(ops.convert_to_numpy(hard_label_loss(np.zeros((1, 4)), np.array([label]))))


def test_entropy():
    expected = [special.entr(special.softmax(np.float64(row))).sum() / np.log(2) for row in TEACHER]
    np.testing.assert_allclose(metrics.entropy(TEACHER), expected)
    assert metrics.entropy(np.array([[0.0, -INF]])) == 0
