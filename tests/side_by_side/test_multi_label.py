"""Multi-hot labels and class weights: losses of float64 definitions, training, refusals."""

import keras
import numpy as np
import pytest
from scipy import special

from common.losses import sigmoid_label_loss
from common.side_by_side import SideBySide, Student

RNG = np.random.default_rng(0)
N, CLASSES = 60, 4
IMAGES = RNG.normal(0, 1, (N, 6, 6, 1)).astype("float32")
MULTI_HOT = (IMAGES.reshape(N, -1)[:, :CLASSES] > 0).astype("int32")  # one pixel a class
LOGITS, TEACHER = (RNG.normal(0, 3, (N, CLASSES)).astype("float32") for _ in range(2))
WEIGHTS = (2.0, 0.0, 1.0, 0.5)
LABELS = np.arange(N) % CLASSES


def net(classes=CLASSES, seed=0):
    initializer = keras.initializers.GlorotUniform(seed=seed)
    dense = keras.layers.Dense(classes, kernel_initializer=initializer)
    return keras.Sequential([keras.Input((6, 6, 1)), keras.layers.Flatten(), dense])


def soft_losses(temperature):
    """(n, classes) T² · KL of the Bernoulli distributions, in float64."""
    v, z = (np.float64(x) / temperature for x in (TEACHER, LOGITS))
    p = special.expit(v)
    answers = p * (special.log_expit(v) - special.log_expit(z))
    return temperature**2 * (answers + (1 - p) * (special.log_expit(-v) - special.log_expit(-z)))


def hard_losses():
    """(n, classes) sigmoid cross-entropies, in float64."""
    z = np.float64(LOGITS)
    return -np.where(MULTI_HOT == 1, special.log_expit(z), special.log_expit(-z))


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("temperature", [1, 4, 200])
def test_the_loss_of_multi_hot_labels(temperature, weights):
    student = Student(net(), temperature, 0.7, method="bernoulli", class_weights=weights)
    expected = 0.3 * hard_losses() + 0.7 * soft_losses(temperature)
    expected = (expected * (1 if weights is None else np.array(weights))).sum(axis=1).mean()
    loss = student.loss(LOGITS, {"labels": MULTI_HOT, "teacher": TEACHER})
    assert float(loss) == pytest.approx(expected, rel=1e-4)


def test_class_weights_of_class_indices_weigh_both_losses():
    student = Student(net(), 3, 0.6, class_weights=WEIGHTS)
    log_p, log_q = (special.log_softmax(np.float64(x) / 3, axis=1) for x in (TEACHER, LOGITS))
    soft = 9 * np.sum(np.exp(log_p) * (log_p - log_q), axis=1)
    hard = -special.log_softmax(np.float64(LOGITS), axis=1)[np.arange(N), LABELS]
    expected = np.mean(np.array(WEIGHTS)[LABELS] * (0.4 * hard + 0.6 * soft))
    for labels in (LABELS, LABELS[:, None]):
        loss = student.loss(LOGITS, {"labels": labels, "teacher": TEACHER})
        assert float(loss) == pytest.approx(expected, rel=1e-5)


@pytest.mark.filterwarnings("error:the logits of:UserWarning")
def test_one_binary_question():
    """One logit; labels (n,) or (n, 1)."""
    for labels in (MULTI_HOT[:, 0], MULTI_HOT[:, :1]):
        loss = np.asarray(sigmoid_label_loss(LOGITS[:, :1], labels))
        np.testing.assert_allclose(loss, hard_losses()[:, 0], rtol=1e-5)
    both = SideBySide({"a": Student(net(1), 2, 0.5, method="bernoulli")})
    both.compile("adam")
    teacher = 6 * IMAGES.reshape(N, -1)[:, :1]  # which knows the rule
    both.fit(IMAGES, {"labels": MULTI_HOT[:, 0], "teacher": teacher}, verbose=0)


def test_baseline_and_distilled_students_learn_side_by_side():
    """From a teacher that knows the rule, which each label says of its class."""
    teacher = (6 * IMAGES.reshape(N, -1)[:, :CLASSES]).astype("float32")
    settings = {"baseline": (1, 0), "distilled": (2, 0.9)}
    students = {
        name: Student(net(), *values, method="bernoulli", class_weights=(1, 2, 1, 1))
        for name, values in settings.items()
    }
    both = SideBySide(students)
    both.compile(keras.optimizers.Adam(0.05))
    targets = {"labels": MULTI_HOT, "teacher": teacher}
    history = both.fit(IMAGES, targets, epochs=30, verbose=0).history
    measured = both.evaluate(IMAGES, targets, verbose=0, return_dict=True)
    for name in settings:
        assert history[f"{name}_loss"][-1] < history[f"{name}_loss"][0] / 3
        logits = np.asarray(students[name].model(IMAGES))
        exact = np.mean(((logits > 0) == MULTI_HOT).all(axis=1))
        assert measured[f"{name}_accuracy"] == pytest.approx(exact, abs=1e-6)
        assert exact > 0.6


def fit(labels=MULTI_HOT, teacher=TEACHER, **students):
    students = students or {"a": Student(net(), 2, 0.5, method="bernoulli")}
    both = SideBySide(students)
    both.compile("sgd")
    both.fit(IMAGES, {"labels": labels, "teacher": teacher}, verbose=0)


def test_refusals():
    with pytest.raises(ValueError, match=r"shape \(60,\).*multi-hot rows.*np.eye\(4\)"):
        fit(labels=LABELS)
    with pytest.raises(ValueError, match="rows of 0 and 1, got 2"):
        fit(labels=2 * MULTI_HOT)
    with pytest.raises(ValueError, match="look like probabilities"):
        fit(teacher=special.expit(TEACHER))
    with pytest.raises(ValueError, match='labels of several classes need method="bernoulli"'):
        fit(a=Student(net(), 2, 0.5))
    with pytest.raises(ValueError, match="students a take multi-hot labels, the others class"):
        fit(a=Student(net(), 2, 0.5, method="bernoulli"), b=Student(net(), 1, 0))
    with pytest.raises(ValueError, match="student 'a' has 2 class_weights for 4 classes"):
        fit(a=Student(net(), 2, 0.5, method="bernoulli", class_weights=(1, 2)))
    with pytest.raises(ValueError, match="the method dkd takes no class_weights"):
        Student(net(), 2, 0.5, method="dkd", class_weights=(1, 2))
    with pytest.raises(ValueError, match="a class weight must be a finite number of at least 0"):
        Student(net(), 2, 0.5, class_weights=(1, -2))
    with pytest.raises(ValueError, match="class_weights are a list, one number per class, got"):
        Student(net(), 2, 0.5, class_weights={0: 1, 1: 5})  # as Keras's `fit` takes them
    with pytest.raises(ValueError, match="no labels"):
        fit(labels=None, a=Student(net(), 2, 1, class_weights=WEIGHTS))


@pytest.mark.filterwarnings("error:the logits of:UserWarning")
def test_rows_in_another_order_give_a_warning():
    teacher = (6 * IMAGES.reshape(N, -1)[:, :CLASSES]).astype("float32")
    fit(teacher=teacher)
    with pytest.raises(UserWarning, match=r"correlation of .* with the labels, as if by chance"):
        fit(teacher=teacher[::-1])
