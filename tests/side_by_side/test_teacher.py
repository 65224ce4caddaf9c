"""A teacher in the step: its weights are state of the step, not constants of it."""

import keras
import numpy as np
import pytest
from keras import layers
from scipy import special, stats

from common.side_by_side import SideBySide, Student

X = np.random.default_rng(0).normal(0, 1, (20, 4, 4, 1)).astype("float32")
Y = np.random.default_rng(1).integers(0, 10, 20)


def net(seed):
    kernel = keras.initializers.GlorotUniform(seed=seed)
    ends = [layers.Flatten(), layers.Dense(10, kernel_initializer=kernel)]
    return keras.Sequential([keras.Input((4, 4, 1)), *ends])


def expected(student, teacher, temperature):
    """T² · KL of the two models' softmaxes, in float64."""
    logits = (np.float64(keras.ops.convert_to_numpy(model(X))) for model in (teacher, student))
    p, q = (special.softmax(values / temperature, axis=1) for values in logits)
    return temperature**2 * stats.entropy(p, q, axis=1).mean()


def test_changed_weights_of_the_teacher_are_used():
    student, teacher = net(1), net(2)
    both = SideBySide({"a": Student(student, 2, 1)}, teacher=teacher)
    both.compile(keras.optimizers.SGD(0.0))  # the student stays
    for factor in (1, 3, 0.5):
        teacher.set_weights([factor * weight for weight in teacher.get_weights()])
        options = {"batch_size": 20, "verbose": 0}
        value = expected(student, teacher, 2)
        history = both.fit(X, Y, **options).history
        np.testing.assert_allclose(history["a_loss"], value, rtol=1e-4)
        measured = both.evaluate(X, Y, return_dict=True, **options)
        np.testing.assert_allclose(measured["a_loss"], value, rtol=1e-4)
    assert both.count_params() == student.count_params()


def test_the_teacher_survives_an_interruption():
    class Interrupt(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise KeyboardInterrupt

    teacher = net(2)
    before = [np.array(weight) for weight in teacher.get_weights()]
    both = SideBySide({"a": Student(net(1), 2, 1)}, teacher=teacher)
    both.compile(keras.optimizers.SGD(0.1))
    with pytest.raises(KeyboardInterrupt):
        both.fit(X, Y, batch_size=5, callbacks=[Interrupt()], verbose=0)
    for weight, old in zip(teacher.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, old)
