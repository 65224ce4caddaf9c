"""Side-by-side training: each student as if it trained alone; the teacher does not change."""

import keras
import numpy as np
import pytest
from scipy import special, stats
from sklearn.metrics import accuracy_score, log_loss

from common import models
from common.backend import ops
from common.losses import LOSSES
from common.side_by_side import SideBySide, Student

SETTINGS = {  # net, its options, temperature, alpha
    "baseline": ("mlp", {"width": 16}, 1, 0),
    "distilled": ("mlp", {"width": 16}, 4, 0.9),
    "convolutions": ("cnn", {"width": 0.1}, 2, 0.5),
    "dropout": ("mlp", {"width": 16, "dropout": 0.5}, 20, 1),
}
OPTIMIZERS = {
    "adam": lambda: keras.optimizers.Adam(1e-2),
    "sgd": lambda: keras.optimizers.SGD(1e-2, momentum=0.9, nesterov=True),
}


def student(name="distilled", seed=3):
    net, options, temperature, alpha = SETTINGS[name]
    model = models.build(net, (28, 28, 1), 10, seed=seed, **options)
    return Student(model, temperature, alpha)


def fit(side_by_side, few, teacher, optimizer=OPTIMIZERS["sgd"], **options):
    """Two unshuffled epochs on `few`; `teacher` is its logits, None if they are computed online."""
    side_by_side.compile(optimizer())
    targets = {"labels": few.train.labels} | ({} if teacher is None else {"teacher": teacher})
    options = {"batch_size": 25, "epochs": 2, "shuffle": False, "verbose": 0} | options
    return side_by_side.fit(few.train.images, targets, **options).history


def weights(model):
    return [np.array(weight) for weight in model.get_weights()]


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_weights_are_bit_identical_to_those_of_training_alone(few, random_logits, optimizer):
    teacher = random_logits(100)
    students = {name: student(name) for name in SETTINGS}
    histories = fit(SideBySide(students), few, teacher, optimizer)
    for name in SETTINGS:
        single, initial = student(name), weights(student(name).model)
        history = fit(SideBySide({name: single}), few, teacher, optimizer)
        for a, b in zip(weights(single.model), weights(students[name].model), strict=True):
            np.testing.assert_array_equal(a, b, err_msg=name)
        assert any((a != b).any() for a, b in zip(initial, weights(single.model), strict=True))
        for measure in ("loss", "accuracy"):
            assert history[f"{name}_{measure}"] == histories[f"{name}_{measure}"]


def test_history_against_definitions(few, random_logits):
    """At learning rate 0, loss and accuracy of an epoch are those of the initial model."""
    teacher = random_logits(100)
    students = {"distilled": student("distilled"), "baseline": student("baseline", seed=4)}
    history = fit(
        SideBySide(students),
        few,
        teacher,
        lambda: keras.optimizers.SGD(0.0),
        batch_size=32,  # the last batch is smaller
        epochs=1,
    )
    logits = {n: s.model.predict(few.train.images, verbose=0) for n, s in students.items()}
    hard = {
        n: log_loss(few.train.labels, special.softmax(np.float64(x), axis=1), labels=range(10))
        for n, x in logits.items()
    }
    p, q = (special.softmax(np.float64(x) / 4, axis=1) for x in (teacher, logits["distilled"]))
    soft = 16 * stats.entropy(p, q, axis=1).mean()
    expected = {"distilled_loss": 0.9 * soft + 0.1 * hard["distilled"]}
    expected |= {"baseline_loss": hard["baseline"]}
    expected |= {"loss": sum(expected.values())}
    for name, x in logits.items():
        expected[f"{name}_accuracy"] = accuracy_score(few.train.labels, x.argmax(axis=1))
    assert {key: values[0] for key, values in history.items()} == pytest.approx(expected, rel=1e-4)


def test_validation_has_its_own_loss_and_accuracy(few, random_logits):
    validation = (
        few.validation.images,
        {"labels": few.validation.labels, "teacher": random_logits(100, 1)},
    )
    history = fit(SideBySide({"a": student()}), few, random_logits(100), validation_data=validation)
    assert {"val_loss", "val_a_loss", "val_a_accuracy"} <= set(history)
    assert all(len(values) == 2 for values in history.values())


def test_an_online_teacher_equals_its_cached_logits(few):
    teacher = models.build("cnn", (28, 28, 1), 10, seed=8, width=0.1)
    before = weights(teacher)
    logits = teacher.predict(few.train.images, batch_size=25, verbose=0)
    online, cached = student(), student()
    online_history = fit(SideBySide({"a": online}, teacher=teacher), few, None)
    cached_history = fit(SideBySide({"a": cached}), few, logits)
    assert online_history["a_loss"] == pytest.approx(cached_history["a_loss"], rel=1e-5)
    for a, b in zip(weights(online.model), weights(cached.model), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    for a, b in zip(before, weights(teacher), strict=True):  # statistics of BatchNorm too
        np.testing.assert_array_equal(a, b)


def test_variables_of_the_teacher_are_not_trained(few):
    teacher = models.build("cnn", (28, 28, 1), 10, width=0.1)
    single = student()
    side_by_side = SideBySide({"a": single}, teacher=teacher)
    fit(side_by_side, few, None, epochs=1)
    assert side_by_side.count_params() == single.model.count_params()
    assert len(side_by_side.trainable_variables) == len(single.model.trainable_variables)


def test_shuffled_rows_of_the_teacher_change_the_loss(few, teacher_model):
    logits = teacher_model.predict(few.train.images, verbose=0)
    ordered = fit(SideBySide({"a": student()}), few, logits, epochs=1)["a_loss"][0]
    shuffled = fit(SideBySide({"a": student()}), few, logits[::-1].copy(), epochs=1)["a_loss"][0]
    assert abs(ordered - shuffled) > 0.01


def linear():
    inputs = keras.Input((28, 28, 1))
    outputs = keras.layers.Dense(10)(keras.layers.Flatten()(inputs / 255))
    return keras.Model(inputs, outputs)


def test_weight_decay_is_pytorchs(few):
    """torch.optim.SGD: g + λw, into a Nesterov momentum of 0.9; here in float64."""
    model, decay, rate = linear(), 0.1, 0.05
    w, b = (np.float64(value) for value in weights(model))
    side_by_side = SideBySide({"a": Student(model, 1, 0)}, weight_decay=decay)
    history = fit(
        side_by_side,
        few,
        None,
        lambda: keras.optimizers.SGD(rate, momentum=0.9, nesterov=True),
        batch_size=100,
        epochs=3,
    )
    x = few.train.images.reshape(100, -1) / 255
    momentum = [0, 0]
    for epoch in range(3):
        q = special.softmax(x @ w + b, axis=1)
        hard = log_loss(few.train.labels, q, labels=range(10))
        assert history["a_loss"][epoch] == pytest.approx(hard, rel=1e-4)
        penalty = decay / 2 * ((w**2).sum() + (b**2).sum())
        assert history["loss"][epoch] == pytest.approx(hard + penalty, rel=1e-4)
        error = (q - np.eye(10)[few.train.labels]) / 100
        slopes = [x.T @ error + decay * w, error.sum(axis=0) + decay * b]
        momentum = [0.9 * m + g for m, g in zip(momentum, slopes, strict=True)]
        w, b = (v - rate * (g + 0.9 * m) for v, g, m in zip((w, b), slopes, momentum, strict=True))
    for trained, expected in zip(weights(model), (w, b), strict=True):
        np.testing.assert_allclose(trained, expected, atol=2e-6)


def test_students_must_fit_each_other():
    five = Student(models.build("mlp", (28, 28, 1), 5, width=8), 1, 0)
    large = Student(models.build("mlp", (32, 32, 3), 10, width=8), 1, 0)
    with pytest.raises(ValueError, match="at least one student"):
        SideBySide({})
    with pytest.raises(ValueError, match=r"differ in output_shape: \[\(5,\), \(10,\)\]"):
        SideBySide({"a": student(), "b": five})
    with pytest.raises(ValueError, match="differ in input_shape"):
        SideBySide({"a": student(), "b": large})
    with pytest.raises(ValueError, match="differ in output_shape"):
        SideBySide({"a": student()}, teacher=five.model)


@pytest.mark.parametrize(
    "end", [keras.layers.Dense(10, activation="softmax"), keras.layers.Softmax()]
)
def test_a_model_that_ends_in_a_softmax_is_refused(end):
    large = keras.Sequential([student().model, end], name="large")
    with pytest.raises(ValueError, match="'large' ends in a softmax: remove it"):
        SideBySide({"a": student()}, teacher=large)
    nested = keras.Sequential([keras.Input((28, 28, 1)), large], name="nested")
    with pytest.raises(ValueError, match="'nested' ends in a softmax"):
        SideBySide({"a": Student(nested, 4, 0.9)})


def test_one_model_cannot_be_two_students():
    shared = student().model
    with pytest.raises(ValueError, match="share a model"):
        SideBySide({"a": Student(shared, 1, 0), "b": Student(shared, 4, 0.9)})
    with pytest.raises(ValueError, match="share a model"):
        SideBySide({"a": Student(shared, 4, 0.9)}, teacher=shared)


def test_options_that_mix_students_or_are_ignored_are_refused(few, random_logits):
    with pytest.raises(ValueError, match="global_clipnorm would mix"):
        SideBySide({"a": student()}).compile(keras.optimizers.Adam(global_clipnorm=1.0))
    with pytest.raises(ValueError, match="sample_weight"):
        fit(SideBySide({"a": student()}), few, random_logits(100), sample_weight=np.ones(100))


def test_targets_must_fit(few, random_logits):
    with pytest.raises(ValueError, match="teacher"):
        fit(SideBySide({"a": student()}), few, None)
    with pytest.raises(ValueError, match="classes"):
        fit(SideBySide({"a": student()}), few, random_logits(100)[:, :1])
    with pytest.raises(ValueError, match=r"cardinality|sizes"):
        fit(SideBySide({"a": student()}), few, random_logits(99))
    five = Student(models.build("mlp", (28, 28, 1), 5, width=8), 1, 0)
    with pytest.raises(ValueError, match=r"labels are from 0 to 9.*5 classes"):
        fit(SideBySide({"a": five}), few, None)


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (np.eye(10)[[3] * 100], r"labels have shape \(100, 10\).*np.argmax"),
        (np.full(100, 2.5), "labels must be whole numbers, got 2.5"),
        (np.full(100, np.nan), "labels must be whole numbers, got nan"),
        (np.full(100, -1), "labels are from -1 to -1"),
    ],
)
def test_labels_must_be_class_numbers(few, labels, sentence):
    both = SideBySide({"a": student()})
    both.compile()
    with pytest.raises(ValueError, match=sentence):
        both.fit(few.train.images, labels, verbose=0)


def test_validation_labels_are_checked_too(few, random_logits):
    both = SideBySide({"a": Student(models.build("mlp", (28, 28, 1), 10, width=2), 1, 0)})
    both.compile()
    wrong = few.validation.labels + 5
    for call in (
        lambda: both.fit(*arrays(few), validation_data=(few.validation.images, wrong)),
        lambda: both.evaluate(few.validation.images, {"labels": wrong}),
    ):
        with pytest.raises(ValueError, match="labels are from 5 to 14, but the students have 10"):
            call()


def arrays(few):
    return few.train.images, few.train.labels


def test_weights_are_saved_and_loaded_before_any_fit(few, tmp_path):
    def build(seed):
        model = models.build("mlp", (28, 28, 1), 10, seed=seed, width=2)
        side_by_side = SideBySide({"a": Student(model, 1, 0)})
        side_by_side.compile()
        return side_by_side

    first, second = build(0), build(1)
    first.save_weights(tmp_path / "both.weights.h5")
    second.load_weights(tmp_path / "both.weights.h5")
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match=r"one by one, as models\[name\]\.save"):
        first.save(tmp_path / "both.keras")


def test_a_method_added_to_the_registry_trains(few, random_logits, monkeypatch):
    """One SGD step on the mean squared difference of the logits, against its gradient."""

    def logit_mse(student_logits, teacher_logits, labels, temperature, scale=2.0):
        difference = (student_logits - teacher_logits) / temperature
        return scale * ops.mean(ops.square(difference))

    monkeypatch.setitem(LOSSES, "logit_mse", logit_mse)
    model, teacher = linear(), random_logits(100)
    w, b = (np.float64(value) for value in weights(model))
    difference = (few.train.images.reshape(100, -1) / 255 @ w + b - teacher) / 4
    history = fit(
        SideBySide({"a": Student(model, 4, 1, method="logit_mse")}),
        few,
        teacher,
        lambda: keras.optimizers.SGD(0.5),
        batch_size=100,
        epochs=1,
    )
    assert history["a_loss"][0] == pytest.approx(2 * (difference**2).mean(), rel=1e-4)
    slope = 2 * 2 * difference.sum(axis=0) / difference.size / 4
    np.testing.assert_allclose(weights(model)[1], b - 0.5 * slope, atol=1e-6)
