"""Methods against published values, float64 definitions and finite differences; hostile inputs."""

import importlib.util
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import special

from common.backend.precision import dtype_policy
from common.distillation import TEACHERLESS
from common.losses import LOSSES, require_method
from tests.losses import definitions
from tests.support import helpers

TEACHER = np.array([[1, 2, 3], [4, 5, 6]], "float32")
STUDENT = np.array([[2, 1, 4], [3, 6, 2]], "float32")
LABELS = np.array([2, 1])
OPTIONS = {"dkd": {"alpha": 1, "beta": 8}, "dist": {"beta": 1, "gamma": 1}, "nkd": {"gamma": 1.5}}
REFERENCE = {  # of these logits, in float64, at T = 1, 2 and 4
    "kd": (1.2081204308747095, 1.339811483274207, 1.3398589337513045),
    "dkd": (5.981183587528378, 6.9400793107840215, 7.212114248279393),
    "dist": (1.6718168579396346, 6.766156355624677, 27.672712607300557),
    "ls": (0.5049234862767576, 0.5367179944006228, 0.5383241228128877),
    "nkd": (1.7433403714421745, 4.939294867537354, 17.44100967106413),
    "ttm": (1.2081204308747095, 1.0372375436837005, 1.0036550004013018),
    "wttm": (1.2081204308747093, 1.6703407701533883, 2.162110721441177),
    "bernoulli": (0.1480965917074765, 0.5267204429747121, 0.9875047294189738),
}
TEMPERATURES = (1, 2, 4)
NEEDING_LABELS = ("dkd", "nkd")
HOSTILE = {
    "large": np.array([[100, -100, 0], [-100, 100, 100], [100, 100, -100]], "float32"),
    "equal": np.full((3, 3), 7, "float32"),
    "saturated": np.array([[50, -50, -50], [0, 0, 0], [-90, 80, -90]], "float32"),
}


def value(method, student, teacher, labels, temperature, **options):
    return float(LOSSES[method](student, teacher, labels, temperature, **options))


def gradient(method, student, teacher, labels, temperature):
    student = tf.constant(student)
    with tf.GradientTape() as tape:
        tape.watch(student)
        loss = LOSSES[method](student, teacher, labels, temperature)
    return tape.gradient(loss, student).numpy()


def test_every_method_has_a_definition_and_reference_values():
    assert set(LOSSES) - set(TEACHERLESS) == set(definitions.LOSSES) == set(REFERENCE)


@pytest.mark.parametrize("method", REFERENCE)
def test_published_values(method):
    options = OPTIONS.get(method, {})
    for temperature, expected in zip(TEMPERATURES, REFERENCE[method], strict=True):
        arguments = (STUDENT, TEACHER, LABELS, temperature)
        assert definitions.LOSSES[method](*arguments) == pytest.approx(expected, abs=1e-12)
        assert value(method, *arguments) == pytest.approx(expected, rel=1e-6, abs=1e-6)
        assert value(method, *arguments, **options) == value(method, *arguments)  # the defaults


@pytest.mark.parametrize("temperature", [0.5, 1, 3, 20, 99, 100, 1000])
@pytest.mark.parametrize("method", REFERENCE)
def test_against_float64(method, temperature, random_logits):
    """Values and gradients; the gradients by central differences of the definition."""
    student, teacher, labels = random_logits(6), random_logits(6, 1), np.arange(6) % 4
    arguments = (student, teacher, labels, temperature)
    expected = definitions.LOSSES[method](*arguments)
    rtol = 2e-3 if 20 < temperature < 100 else 1e-4  # kd's definition in float32 loses digits
    assert value(method, *arguments) == pytest.approx(expected, rel=rtol)
    slopes = definitions.gradient(definitions.LOSSES[method], *arguments)
    atol = rtol * np.abs(slopes).max()
    np.testing.assert_allclose(gradient(method, *arguments), slopes, rtol=rtol, atol=atol)


@pytest.mark.parametrize("temperature", [0.5, 1, 4, 1000])
@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("method", REFERENCE)
def test_finite_on_hostile_logits_of_one_class(method, name, temperature):
    logits, labels = HOSTILE[name], np.ones(3, int)
    for student, teacher in ((logits, -logits), (logits, logits), (logits, logits[::-1])):
        loss = value(method, student, teacher, labels, temperature)
        expected = definitions.LOSSES[method](student, teacher, labels, temperature)
        atol = 1e-5 * max(1, temperature**2)
        assert loss == pytest.approx(expected, rel=1e-4, abs=atol)
        assert np.isfinite(gradient(method, student, teacher, labels, temperature)).all()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("method", REFERENCE)
def test_half_precision_logits_are_computed_in_float32(method, dtype, random_logits):
    student, teacher = (tf.cast(random_logits(8, seed), dtype) for seed in (0, 1))
    labels = np.arange(8) % 3
    loss = LOSSES[method](student, teacher, labels, 4)
    assert keras.backend.standardize_dtype(loss.dtype) == "float32" and loss.shape == ()
    rounded = (tf.cast(x, "float32").numpy() for x in (student, teacher))
    assert float(loss) == pytest.approx(definitions.LOSSES[method](*rounded, labels, 4), rel=1e-5)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("method", REFERENCE)
def test_the_policy_changes_nothing(method, policy):
    arguments = (STUDENT, TEACHER, LABELS, 4)
    expected = value(method, *arguments)
    with dtype_policy(policy):
        assert value(method, *arguments) == expected


@pytest.mark.parametrize("method", REFERENCE)
def test_no_gradient_reaches_the_teacher(method):
    teacher = tf.Variable(TEACHER)
    with tf.GradientTape() as tape:
        total = LOSSES[method](tf.constant(STUDENT), teacher, LABELS, 4)
    assert tape.gradient(total, teacher) is None


@pytest.mark.parametrize("method", REFERENCE)
def test_labels_as_a_column_and_two_classes(method):
    student, teacher = STUDENT[:, :2], TEACHER[:, ::-1][:, :2]
    expected = definitions.LOSSES[method](student, teacher, LABELS - 1, 2)
    column = (LABELS - 1)[:, None]
    assert value(method, student, teacher, column, 2) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("method", REFERENCE)
@pytest.mark.parametrize("temperature", [0, -1, float("nan"), "4"])
def test_bad_temperatures(method, temperature):
    with pytest.raises(ValueError, match="temperature must be a finite number above 0"):
        LOSSES[method](STUDENT, TEACHER, LABELS, temperature)


@pytest.mark.parametrize("method", REFERENCE)
def test_shapes_that_would_broadcast_are_refused(method):
    for teacher in (TEACHER[:, :1], TEACHER[0], TEACHER[:1]):
        with pytest.raises(ValueError, match="classes"):
            LOSSES[method](STUDENT, teacher, LABELS, 4)


@pytest.mark.parametrize("method", REFERENCE)
def test_batches_without_labels(method):
    if method in NEEDING_LABELS:
        with pytest.raises(ValueError, match=f'"{method}" needs the label of every image'):
            LOSSES[method](STUDENT, TEACHER, None, 4)
    else:
        with_labels = value(method, STUDENT, TEACHER, LABELS, 4)
        assert value(method, STUDENT, TEACHER, None, 4) == with_labels


@pytest.mark.parametrize(
    ("method", "options", "sentence"),
    [
        ("dk", {}, "unknown method 'dk': did you mean"),
        ("kd", {"beta": 2}, "the method kd takes no options, got 'beta'"),
        ("dkd", {"betta": 2}, "unknown option of the method dkd 'betta': did you mean beta"),
        ("dkd", {"beta": -1}, "the option beta of dkd must be a finite number of at least 0"),
        ("nkd", {"gamma": "2"}, "the option gamma of nkd must be a finite number of at least 0"),
    ],
)
def test_bad_methods_and_options_are_refused(method, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        require_method(method, options)


def test_decoupled_parts_add_up_to_kd(random_logits):
    """KD = TCKD + (1 - teacher's probability of the label) · NCKD, at T and with T²."""
    student, teacher, labels = random_logits(1), random_logits(1, 1), np.array([3])
    target = value("dkd", student, teacher, labels, 4, alpha=1, beta=0)
    others = value("dkd", student, teacher, labels, 4, alpha=0, beta=1)
    rest = 1 - special.softmax(np.float64(teacher[0]) / 4)[3]
    kd = value("kd", student, teacher, labels, 4)
    assert target + rest * others == pytest.approx(kd, rel=1e-5)


def test_standardized_logits_may_be_scaled_and_shifted(random_logits):
    student, teacher, labels = random_logits(8), random_logits(8, 1), np.arange(8)
    expected = value("ls", student, teacher, labels, 2)
    assert value("ls", 3 * student + 5, teacher - 2, labels, 2) == pytest.approx(expected, rel=1e-4)


def test_correlation_ignores_how_confident_a_teacher_of_one_ranking_is():
    """Two classes: every row's correlation is 1 or -1, whatever the logits."""
    student, teacher = np.array([[3, 1], [0, 2]], "float32"), np.array([[9, 0], [5, 4]], "float32")
    rows = value("dist", student, teacher, LABELS, 1, beta=1, gamma=0)
    assert rows == pytest.approx(1 - (1 - 1) / 2, abs=1e-5)


IN_JAX = """
import sys
import jax
import numpy as np
from common.losses import LOSSES
inputs = np.load(sys.argv[1])
teacher, labels = inputs["teacher"], inputs["labels"]
def all_methods(student):
    values = {}
    for method in sys.argv[3].split():
        loss = LOSSES[method]
        for temperature in (0.5, 4, 1000):
            of_student = lambda x: loss(x, teacher, labels, temperature)
            value, slope = jax.value_and_grad(of_student)(student)
            values[f"{method} {temperature}"] = value
            values[f"slope {method} {temperature}"] = slope
    return values
np.savez(sys.argv[2], **jax.jit(all_methods)(inputs["student"]))
"""


@pytest.mark.slow  # a process that imports JAX
def test_jax_gives_the_values_and_gradients_of_tensorflow(tmp_path, random_logits):
    if importlib.util.find_spec("jax") is None:
        pytest.skip("JAX is not installed: pip install -e .[jax]")
    rows = np.concatenate([np.zeros((1, 10)), 100 * np.eye(10)[:2], -100 * np.eye(10)[:1]])
    student = np.concatenate([rows, random_logits(4)]).astype("float32")
    teacher, labels = student[::-1].copy(), np.arange(8)
    np.savez(tmp_path / "in.npz", student=student, teacher=teacher, labels=labels)
    command = [sys.executable, "-c", IN_JAX, tmp_path / "in.npz", tmp_path / "out.npz"]
    command.append(" ".join(REFERENCE))
    subprocess.run(command, check=True, env=os.environ | helpers.JAX)
    results = np.load(tmp_path / "out.npz")
    for method in REFERENCE:
        for temperature in (0.5, 4, 1000):
            arguments = (student, teacher, labels, temperature)
            key = f"{method} {temperature}"
            assert results[key] == pytest.approx(value(method, *arguments), rel=1e-4)
            slope = gradient(method, *arguments)
            atol = 1e-4 * np.abs(slope).max()
            np.testing.assert_allclose(results[f"slope {key}"], slope, atol=atol)


@pytest.mark.parametrize("temperature", [0.5, 4, 1000])
@pytest.mark.parametrize("method", ["kd", "dkd", "nkd", "ttm", "wttm", "bernoulli"])
def test_a_class_masked_by_both_is_as_if_it_were_not_there(method, temperature, random_logits):
    """Logits of -inf: the loss is that of the other classes, the gradient at them 0."""
    student, teacher, labels = random_logits(5), random_logits(5, 1), np.arange(5)
    masked = [np.insert(x, 7, -np.inf, axis=1) for x in (student, teacher)]
    expected = definitions.LOSSES[method](student, teacher, labels, temperature)
    assert value(method, *masked, labels, temperature) == pytest.approx(expected, rel=1e-4)
    slope = gradient(method, *masked, labels, temperature)
    assert np.isfinite(slope).all() and not slope[:, 7].any()
