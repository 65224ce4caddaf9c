"""Losses against independent float64 definitions, published values and Keras's own class."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

from common.backend import ops
from common.distillation import Distillation
from common.losses import LOSSES, distillation_loss, hard_label_loss, soft_targets
from common.side_by_side import Student

TEACHER = np.array([[1, 2, 3], [4, 5, 6]], "float32")
STUDENT = np.array([[2, 1, 4], [3, 6, 2]], "float32")
LABELS = np.array([2, 1])
TINY_TEMPERATURES = [1e-40, 1e-300, 9e-7]
BAD_TEMPERATURES = [0, -1, -0.5, math.inf, -math.inf, math.nan, "4", None, True]


def in_float64(student, teacher, temperature):
    """T² · KL, through scipy's relative entropy."""
    p, q = (special.softmax(np.float64(x) / temperature, axis=-1) for x in (teacher, student))
    return temperature**2 * stats.entropy(p, q, axis=-1)


def gradient(student, teacher, temperature):
    student = tf.constant(student)
    with tf.GradientTape() as tape:
        tape.watch(student)
        loss = tf.reduce_mean(distillation_loss(student, teacher, temperature))
    return tape.gradient(loss, student).numpy()


def loss(student, teacher, temperature):
    return keras.ops.convert_to_numpy(distillation_loss(student, teacher, temperature))


@pytest.mark.parametrize(
    ("temperature", "expected"), [(1, 1.208120430875), (4, 1.339858933751), (20, 1.294818097403)]
)
def test_published_values(temperature, expected):
    assert loss(STUDENT, TEACHER, temperature).mean() == pytest.approx(expected, rel=3e-5)
    assert in_float64(STUDENT, TEACHER, temperature).mean() == pytest.approx(expected, abs=1e-12)


def test_limit_of_high_temperature():
    centered = (TEACHER - STUDENT) - (TEACHER - STUDENT).mean(axis=1, keepdims=True)
    limit = (centered**2).sum() / (2 * 3 * 2)
    assert limit == pytest.approx(1.277777777778)
    assert in_float64(STUDENT, TEACHER, 1e4).mean() == pytest.approx(limit, rel=1e-4)
    assert loss(STUDENT, TEACHER, 100).mean() == pytest.approx(limit, rel=0.01)


def test_published_gradient():
    expected = [[0.074962, -0.198552, 0.123591], [0.004823, 0.433820, -0.438642]]
    np.testing.assert_allclose(gradient(STUDENT, TEACHER, 4), expected, atol=2e-6)


def test_gradient_by_finite_differences(random_logits):
    student, teacher, step = random_logits(1)[0], random_logits(1, 1)[0], 1e-5
    shifted = student + step * np.stack([np.eye(10), -np.eye(10)])  # (2, 10, 10)
    up, down = in_float64(shifted, np.broadcast_to(teacher, (2, 10, 10)), 3.0)
    expected = (up - down) / (2 * step)
    np.testing.assert_allclose(gradient(student[None], teacher[None], 3.0)[0], expected, atol=1e-4)


def test_no_gradient_reaches_the_teacher():
    teacher = tf.Variable(TEACHER)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(distillation_loss(tf.constant(STUDENT), teacher, 4))
    assert tape.gradient(total, teacher) is None


@pytest.mark.parametrize("temperature", [0.5, 1, 2.5, 8, 50])
def test_against_float64(random_logits, temperature):
    student, teacher = random_logits(64), random_logits(64, 1)
    expected = in_float64(student, teacher, temperature)
    assert loss(student, teacher, temperature).shape == (64,)
    np.testing.assert_allclose(loss(student, teacher, temperature), expected, rtol=2e-3, atol=1e-4)


@pytest.mark.parametrize("temperature", [99, 100, 1e3, 1e4, 1e6, 1e8, 1e12, 1e200])
@pytest.mark.parametrize("scale", [1, 100])
def test_high_temperatures_against_float64(random_logits, temperature, scale):
    """Above 1e4 even the float64 definition loses its digits: there the limit is the reference."""
    student, teacher = scale * random_logits(64), scale * random_logits(64, 1)
    difference = np.float64(student) - teacher
    limit = np.var(difference, axis=1) / 2
    slope = (difference - difference.mean(axis=1, keepdims=True)) / 10 / 64
    if temperature <= 1e4:
        limit = in_float64(student, teacher, temperature)
        p, q = (special.softmax(np.float64(x) / temperature, axis=1) for x in (teacher, student))
        slope = temperature * (q - p) / 64
    rtol = 2e-3 if temperature < 100 else 1e-5 if temperature <= 1e4 else scale * 1e-4
    np.testing.assert_allclose(loss(student, teacher, temperature), limit, rtol=rtol)
    atol = max(rtol, 1e-4) * np.abs(slope).max()
    np.testing.assert_allclose(gradient(student, teacher, temperature), slope, atol=atol)


@pytest.mark.parametrize("temperature", [100, 300])
@pytest.mark.parametrize("gap", [300, 8e3, 5e4])
def test_high_temperatures_and_logits_far_apart(temperature, gap):
    student, teacher = np.zeros((2, 10), "float32"), np.zeros((2, 10), "float32")
    student[0, 3], teacher[1, 7] = gap, gap
    expected = in_float64(student, teacher, temperature)
    np.testing.assert_allclose(loss(student, teacher, temperature), expected, rtol=1e-3)
    p, q = (special.softmax(np.float64(x) / temperature, axis=1) for x in (teacher, student))
    slope = temperature * (q - p) / 2  # of the mean over two rows
    np.testing.assert_allclose(gradient(student, teacher, temperature), slope, atol=1e-3)


def test_zero_where_student_and_teacher_agree(random_logits):
    logits = random_logits(8)
    np.testing.assert_allclose(loss(logits, logits, 4), 0, atol=1e-6)
    np.testing.assert_allclose(gradient(logits, logits, 4), 0, atol=1e-6)


def test_a_constant_added_to_a_row_changes_nothing(random_logits):
    student, teacher, shift = random_logits(8), random_logits(8, 1), np.arange(8.0)[:, None]
    moved = loss(student + np.float32(shift), teacher - np.float32(3 * shift), 4)
    np.testing.assert_allclose(moved, loss(student, teacher, 4), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("temperature", [0.05, 1, 20])
def test_finite_at_extreme_logits(temperature):
    extreme = np.array([[100, -100, 0], [-100, 100, 100]], "float32")
    assert np.isfinite(loss(extreme, -extreme, temperature)).all()
    assert np.isfinite(gradient(extreme, -extreme, temperature)).all()
    expected = in_float64(extreme, -extreme, 1)
    np.testing.assert_allclose(loss(extreme, -extreme, 1), expected, rtol=1e-6)


def test_soft_cross_entropy_less_the_teachers_entropy(random_logits):
    student, teacher = random_logits(16), random_logits(16, 1)
    p = special.softmax(np.float64(teacher) / 4, axis=1)
    cross = keras.losses.CategoricalCrossentropy(from_logits=True, reduction=None)(p, student / 4)
    expected = 16 * (np.float64(cross) - stats.entropy(p, axis=1))
    np.testing.assert_allclose(loss(student, teacher, 4), expected, rtol=1e-4, atol=1e-4)


def test_rows_of_student_and_teacher_are_paired(random_logits):
    student, teacher = random_logits(16), random_logits(16, 1)
    ordered, shuffled = loss(student, teacher, 4), loss(student, teacher[::-1].copy(), 4)
    assert abs(ordered.mean() - shuffled.mean()) > 0.01
    pieces = [loss(student[rows], teacher[rows], 4) for rows in (slice(0, 5), slice(5, 16))]
    np.testing.assert_allclose(np.concatenate(pieces), ordered, rtol=1e-6)


@pytest.mark.parametrize("temperature", [1, 4, 20])
def test_against_keras_distillation(random_logits, temperature):
    student, teacher = random_logits(32), random_logits(32, 1)
    theirs = keras.distillation.LogitsDistillation(
        temperature=temperature, loss=keras.losses.KLDivergence()
    ).compute_loss(teacher, student)
    assert loss(student, teacher, temperature).mean() == pytest.approx(float(theirs), rel=1e-4)


def test_soft_targets(random_logits):
    logits = random_logits(8)
    for temperature in (0.5, 1, 5):
        expected = special.softmax(np.float64(logits) / temperature, axis=1)
        np.testing.assert_allclose(soft_targets(logits, temperature), expected, atol=1e-6)
    np.testing.assert_allclose(soft_targets(logits, 1e6), 0.1, atol=1e-5)


def test_half_precision_logits_are_softened_in_float32(random_logits):
    half = random_logits(8).astype("float16")
    assert keras.backend.standardize_dtype(soft_targets(half, 4).dtype) == "float32"
    assert loss(half, half * 2, 4).dtype == np.float32
    np.testing.assert_allclose(
        loss(half, half * 2, 4), in_float64(half, half * 2, 4), rtol=1e-3, atol=1e-4
    )


def test_hard_label_loss():
    values = np.asarray(hard_label_loss(STUDENT, LABELS))
    assert values.mean() == pytest.approx(0.117864961657, rel=1e-6)
    expected = -special.log_softmax(np.float64(STUDENT), axis=1)[[0, 1], LABELS]
    np.testing.assert_allclose(values, expected, rtol=1e-5)


@pytest.mark.parametrize("temperature", BAD_TEMPERATURES)
def test_bad_temperatures(temperature):
    for call in (
        lambda: soft_targets(STUDENT, temperature),
        lambda: distillation_loss(STUDENT, TEACHER, temperature),
        lambda: Student(None, temperature, 0.5),
    ):
        with pytest.raises(ValueError, match="temperature"):
            call()


def test_shapes_that_would_broadcast_are_refused():
    for teacher in (TEACHER[:, :1], TEACHER[:, :2], TEACHER[0], TEACHER[:1]):
        with pytest.raises(ValueError, match="classes"):
            distillation_loss(STUDENT, teacher, 4)


@pytest.mark.parametrize("alpha", [0, 0.25, 0.9, 1])
def test_alpha_weights_the_soft_targets(alpha):
    """alpha · T²KL + (1 - alpha) · cross-entropy, and not the other way round."""
    targets = {"labels": LABELS, "teacher": TEACHER}
    expected = alpha * 1.339858933751 + (1 - alpha) * 0.117864961657
    assert float(Student(None, 4, alpha).loss(STUDENT, targets)) == pytest.approx(
        expected, rel=1e-5
    )


@pytest.mark.parametrize("alpha", [-0.1, 1.1, math.nan, "0.5", None, True])
def test_alpha_outside_its_range(alpha):
    with pytest.raises(ValueError, match="alpha must lie between 0 and 1"):
        Student(None, 4, alpha)


@pytest.mark.parametrize("temperature", [1, 4, 20, 1e3])
def test_kd_is_the_mean_of_the_distillation_loss(random_logits, temperature):
    student, teacher = random_logits(16), random_logits(16, 1)
    value = LOSSES["kd"](student, teacher, np.zeros(16, int), temperature)
    mean = ops.mean(distillation_loss(student, teacher, temperature))
    assert ops.shape(value) == () and float(value) == float(mean)


def test_settings_of_a_student_are_a_distillation():
    student = Student(None, 4, 0.9, "cnn", True)
    assert student.distillation == Distillation(4, 0.9, "kd", "shuffled")
    assert Student(None, 4, 0.9).distillation == Distillation(4, 0.9)


def test_unknown_method():
    with pytest.raises(ValueError, match="unknown method 'kdd': did you mean kd"):
        Student(None, 4, 0.9, method="kdd")


def test_unknown_control():
    with pytest.raises(ValueError, match="unknown control 'rolled'"):
        Distillation(4, 0.9, control="rolled")


@pytest.mark.parametrize("temperature", TINY_TEMPERATURES)
def test_temperatures_that_float32_cannot_divide_by(temperature):
    for call in (
        lambda: soft_targets(TEACHER, temperature),
        lambda: distillation_loss(STUDENT, TEACHER, temperature),
        lambda: Student(None, temperature, 0.5),
        lambda: Distillation(temperature, 0.5),
    ):
        with pytest.raises(ValueError, match="temperature must be at least 1e-06, got"):
            call()


def test_the_least_temperature_is_precise():
    """For T -> 0 it is T · (the student's greatest logit - its logit of the teacher's class)."""
    np.testing.assert_allclose(loss(STUDENT, TEACHER, 1e-6), [0, 1e-6 * (6 - 2)], rtol=1e-5)


@pytest.mark.parametrize("temperature", [4, 100, 1e4])
def test_gradient_where_a_difference_is_exactly_the_mean(temperature):
    """A row of equal differences has a centered difference of 0: no NaN from 0 to the power 0."""
    student = np.array([[7, 7, 7], [1, 2, 4]], "float32")
    np.testing.assert_allclose(gradient(student, student - 3, temperature), 0, atol=1e-5)


def test_weights_and_options_of_a_student():
    """hard_weight · cross-entropy + soft_weight · DKD, by the float64 reference of this case."""
    targets = {"labels": LABELS, "teacher": TEACHER}
    student = Student(None, 4, method="dkd", hard_weight=0.5, soft_weight=2, options={"beta": 8})
    expected = 0.5 * 0.117864961657 + 2 * 7.212114248279393
    assert float(student.loss(STUDENT, targets)) == pytest.approx(expected, rel=1e-5)
    smaller = Student(None, 4, method="dkd", hard_weight=0, options={"alpha": 1, "beta": 0})
    assert float(smaller.loss(STUDENT, targets)) == pytest.approx(0.8252224375256652, rel=1e-5)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"alpha": 1, "method": "nkd"}, '"nkd" needs the label of every image'),
        ({"alpha": 0.5}, "the hard-label loss needs labels"),
        ({"alpha": 1, "teacher": "cnn"}, "no logits of 'cnn' among the targets"),
    ],
)
def test_targets_that_a_loss_needs(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        Student(None, 4, **settings).loss(STUDENT, {"teacher": TEACHER})


def test_label_smoothing_reads_no_teacher():
    """Against Keras's CategoricalCrossentropy of the smoothed labels."""
    smoothed = np.array([[0.1, 0.1, 0.8], [0.1, 0.8, 0.1]])
    expected = keras.losses.CategoricalCrossentropy(from_logits=True)(smoothed, STUDENT)
    student = Student(None, 1, 1, method="label_smoothing", options={"epsilon": 0.2})
    loss = student.loss(STUDENT, {"labels": LABELS})
    assert float(loss) == pytest.approx(float(expected), rel=1e-6)
    with pytest.raises(ValueError, match="epsilon must lie between 0 and 1, got 2"):
        Student(None, 1, 1, method="label_smoothing", options={"epsilon": 2}).loss(
            STUDENT, {"labels": LABELS}
        )
