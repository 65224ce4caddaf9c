"""Models, images and targets that do not fit are refused in one sentence, before any step."""

import re
import warnings

import keras
import numpy as np
import pytest
from keras import layers, ops
from scipy import special, stats

from common.side_by_side import SideBySide, Student
from common.side_by_side.control_checks import require_mixed_classes
from tests.support.helpers import no_fit

RNG = np.random.default_rng(0)
X = RNG.integers(0, 256, (60, 8, 8, 1)).astype("uint8")
Y = RNG.integers(0, 10, 60)
LOGITS = RNG.normal(0, 3, (60, 10)).astype("float32") + 4 * np.eye(10, dtype="float32")[Y]


def net(*end, shape=(8, 8, 1), **dense):
    first = [keras.Input(shape), layers.Rescaling(1 / 255), layers.Flatten()]
    return keras.Sequential([*first, layers.Dense(10, **dense), *end])


def both(model=None, alpha=0.9, **options):
    model = SideBySide({"a": Student(model or net(), 4, alpha)}, **options)
    model.compile(keras.optimizers.SGD(0.01), run_eagerly=True)
    return model


@pytest.fixture
def no_training(monkeypatch):
    monkeypatch.setattr(keras.Model, "fit", no_fit)


def refused(sentence):
    return pytest.raises(ValueError, match=sentence)


def average_of_softmaxes():
    inputs = keras.Input((8, 8, 1))
    ends = [layers.Softmax()(layers.Dense(10)(layers.Flatten()(inputs))) for _ in range(2)]
    return keras.Model(inputs, layers.Average()(ends))


def functional(end):
    inputs = keras.Input((8, 8, 1))
    return keras.Model(inputs, end(layers.Dense(10)(layers.Flatten()(inputs))))


def gated():
    inputs = keras.Input((8, 8, 1))
    features = layers.Dense(10)(layers.Flatten()(inputs))
    return keras.Model(inputs, layers.Multiply()([features, layers.Softmax()(features)]))


def softmax(x):
    return keras.activations.softmax(x)


PROBABILITIES = {
    "activation layer": lambda: net(layers.Activation(keras.activations.softmax)),
    "backend's function": lambda: net(activation=_backends_softmax()),
    "operation": lambda: functional(ops.softmax),
    "lambda": lambda: net(layers.Lambda(lambda x: ops.softmax(x))),
    "average": average_of_softmaxes,
    "shape behind": lambda: net(layers.Softmax(), layers.Reshape((10,))),
    "dtype behind": lambda: net(layers.Softmax(), layers.Identity(dtype="float32")),
    "sigmoid": lambda: net(activation="sigmoid"),
    "sigmoid operation": lambda: functional(ops.sigmoid),
    "nested": lambda: keras.Sequential([keras.Input((8, 8, 1)), net(layers.Softmax())]),
}


def _backends_softmax():
    if keras.config.backend() == "jax":
        import jax

        return jax.nn.softmax
    import tensorflow as tf

    return tf.nn.softmax


@pytest.mark.parametrize("name", PROBABILITIES)
def test_models_that_return_probabilities_are_refused(name, no_training):
    sentence = r"ends in a (softmax|sigmoid)|look like probabilities"
    with refused(sentence):
        both(PROBABILITIES[name]()).fit(X, {"labels": Y, "teacher": LOGITS})
    with refused(sentence):
        both(teacher=PROBABILITIES[name]()).fit(X, Y)


LOGITS_NETS = {
    "log_softmax": lambda: net(activation="log_softmax"),
    "log_softmax operation": lambda: functional(ops.log_softmax),
    "gate": gated,
    "zeros": lambda: net(kernel_initializer="zeros"),
    "zeros behind": lambda: functional(lambda x: 0 * x),
    "relu": lambda: net(layers.ReLU()),
}


@pytest.mark.parametrize("name", LOGITS_NETS)
def test_models_that_return_logits_train(name):
    model = both(LOGITS_NETS[name]())
    history = model.fit(X, {"labels": Y, "teacher": LOGITS}, verbose=0).history
    assert np.isfinite(history["a_loss"]).all()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_logits_that_are_not_finite_are_refused(value, no_training):
    wrong = LOGITS.copy()
    wrong[7, 3] = value
    with refused("the logits of 'teacher' hold NaN or infinity"):
        both().fit(X, {"labels": Y, "teacher": wrong})


@pytest.mark.parametrize(
    "values",
    [
        special.softmax(LOGITS, axis=1),
        special.softmax(LOGITS, axis=1).astype("float16"),
        special.expit(LOGITS - 4),
        np.eye(10)[Y],
    ],
    ids=["softmax", "float16", "sigmoid", "one-hot"],
)
def test_targets_that_are_probabilities_are_refused(values, no_training):
    with refused("the logits of 'teacher' look like probabilities"):
        both().fit(X, {"labels": Y, "teacher": values})
    with refused("the validation logits of 'teacher' look like probabilities"):
        good = {"labels": Y, "teacher": LOGITS}
        both().fit(X, good, validation_data=(X, {"labels": Y, "teacher": values}))


@pytest.mark.parametrize(
    ("images", "sentence"),
    [
        (X / 255, r"pixels lie in 0 to 1, but student 'a' scales pixels of 0 to 255 itself"),
        ((X / 255).astype("float32") * 2 - 1, "pixels lie in -1 to 1"),
        ((X - 130.0) / 70, "but student 'a' scales"),
    ],
)
def test_images_of_another_scale_are_refused(images, sentence, no_training):
    with refused(sentence):
        both().fit(images, {"labels": Y, "teacher": LOGITS})
    with refused(sentence):
        both().evaluate(images, {"labels": Y, "teacher": LOGITS})
    with pytest.warns(UserWarning, match=sentence):
        both().predict(images, verbose=0)


def test_images_of_another_scale_than_an_online_teacher_s_are_refused(no_training):
    unit = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(10)])
    with refused("teacher 'teacher' scales pixels of 0 to 255 itself"):
        both(unit, teacher=net()).fit(X / 255, Y)


def division():
    inputs = keras.Input((8, 8, 1))
    return keras.Model(inputs, layers.Dense(10)(layers.Flatten()(inputs / 255)))


def product():
    inputs = keras.Input((8, 8, 1))
    return keras.Model(inputs, layers.Dense(10)(layers.Flatten()(inputs * 0.01)))


def normalized(mean, variance):
    scale = layers.Normalization(mean=mean, variance=variance)
    return keras.Sequential([keras.Input((8, 8, 1)), scale, layers.Flatten(), layers.Dense(10)])


@pytest.mark.parametrize("model", [division, product, lambda: normalized(33.3, 78.6**2)])
def test_other_ways_to_scale_bytes(model, no_training):
    with refused("scales pixels of 0 to 255 itself"):
        both(model()).fit(X / 255, {"labels": Y, "teacher": LOGITS})


def test_images_of_the_right_scale_pass_silently():
    unit = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(10)])
    cases = [(net(), X), (net(), X.astype("float32")), (net(), np.zeros_like(X))]
    cases += [(unit, X / 255), (normalized(0.13, 0.31**2), X / 255)]
    cases += [(net(), np.concatenate([np.full((20, 8, 8, 1), 0.3), X[:40]]))]  # dark ones first
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for model, images in cases:
            both(model)._checks().check_pixels(images, error=True)
    with pytest.warns(UserWarning, match="pixels lie in 0 to 1"):  # black, or 0 and 1
        both()._checks().check_pixels(X > 128, error=True)


class Rows(keras.utils.PyDataset):
    def __init__(self, images, targets, size=20):
        super().__init__()
        self.images, self.targets, self.size = images, targets, size

    def __len__(self):
        return -(-len(self.images) // self.size)

    def __getitem__(self, index):
        rows = slice(index * self.size, (index + 1) * self.size)
        return self.images[rows], {name: values[rows] for name, values in self.targets.items()}


def generator(*data):
    rows = Rows(*data)
    return (rows[index] for index in range(len(rows)))


def tf_data(images, targets, size=20):
    tf = pytest.importorskip("tensorflow")
    return tf.data.Dataset.from_tensor_slices((images, targets)).batch(size)


KINDS = {"PyDataset": Rows, "generator": generator, "tf.data": tf_data}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("targets", "sentence"),
    [
        ({"labels": Y + 1}, r"labels are from 1 to 10, .* have 10 classes: subtract 1"),
        ({"labels": Y - 1}, "labels are from -1 to 8"),
        ({"labels": Y + 1000}, "labels are from 1000 to 1009"),
        ({"labels": Y + 0.5}, "labels must be whole numbers"),
        ({"labels": np.eye(10)[Y]}, "labels have shape"),
        ({"teacher": special.softmax(LOGITS, axis=1)}, "look like probabilities"),
        ({"teacher": LOGITS[:, :7]}, "shape .*7.*, the students have 10 classes"),
    ],
)
def test_data_sets_are_looked_at(kind, targets, sentence, no_training):
    targets = {"labels": Y, "teacher": LOGITS} | targets
    with refused(sentence):
        both().fit(KINDS[kind](X, targets))
    with refused(sentence.replace("labels", "validation labels", 1).replace("of shape", "of")):
        good = {"labels": Y, "teacher": LOGITS}
        both().fit(X, good, validation_data=KINDS[kind](X, targets))


def test_a_generator_loses_no_batch():
    model, single = both(net(kernel_initializer="zeros")), both(net(kernel_initializer="zeros"))
    targets = {"labels": Y, "teacher": LOGITS}
    model.fit(generator(X, targets), verbose=0)
    single.fit(X, targets, batch_size=20, shuffle=False, verbose=0)
    for a, b in zip(model.get_weights(), single.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


WORDS = np.array(["cat", "dog"])[Y % 2]


def test_labels_as_lists_and_words(no_training):
    for words in (WORDS, list(WORDS), WORDS.astype(object)):
        with refused(r"must be class indices, got '(cat|dog)': convert them"):
            both(alpha=0).fit(X, words)


def test_a_list_of_labels_trains():
    history = both(alpha=0).fit(X, Y.tolist(), verbose=0).history
    again = both(alpha=0).fit(X, {"labels": Y.tolist()}, verbose=0).history
    assert {*history} == {*again} == {"loss", "a_loss", "a_accuracy"}


@pytest.mark.parametrize(
    ("targets", "sentence"),
    [
        (None, "no targets: give the labels"),
        ({"label": Y, "teacher": LOGITS}, r"no labels among the targets \['label', 'teacher'\]"),
        ({"teacher": LOGITS}, "no labels among"),
        (Y, "no logits of 'teacher' among the targets"),
    ],
)
def test_missing_targets(targets, sentence, no_training):
    with refused(sentence):
        both().fit(X, targets)
    with refused(sentence):
        good = {"labels": Y, "teacher": LOGITS}
        both().fit(X, good, validation_data=(X, targets))
    with refused(sentence):
        both().fit(X, good, 20, 1, 0, None, 0.0, (X, targets))  # by position


def test_distillation_without_labels():
    """alpha = 1: the loss is T² · KL in float64, and there is no accuracy."""
    model, targets = net(), {"teacher": LOGITS}
    logits = model.predict(X, verbose=0)
    side_by_side = both(model, alpha=1)
    side_by_side.optimizer.learning_rate = 0.0
    history = side_by_side.fit(X, targets, validation_data=(X, targets), verbose=0).history
    p, q = (special.softmax(np.float64(values) / 4, axis=1) for values in (LOGITS, logits))
    expected = 16 * stats.entropy(p, q, axis=1).mean()
    assert {*history} == {"loss", "a_loss", "val_loss", "val_a_loss"}
    for values in history.values():
        assert values == [pytest.approx(expected, rel=1e-4)]


def test_chance_level_logits_are_named():
    model = both()
    data = X.repeat(10, axis=0), {"labels": Y.repeat(10), "teacher": LOGITS.repeat(10, axis=0)}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model._checks().checked(*data)
    wrong = data[1] | {"teacher": np.roll(data[1]["teacher"], 250, axis=0)}
    hits = np.mean(wrong["teacher"].argmax(axis=1) == data[1]["labels"])
    sentence = f"'teacher' predict {hits:.1%} of the labels correctly.*order of the images"
    with pytest.warns(UserWarning, match=sentence):
        model._checks().checked(data[0], wrong)


def control(images, targets, **options):
    model = SideBySide({"a": Student(net(), 4, 0.9, shuffled=True)})
    model.compile(keras.optimizers.SGD(0.01), run_eagerly=True)
    return model.fit(images, targets, verbose=0, **options)


ORDER = np.argsort(Y, kind="stable")
IN_ORDER = X[ORDER], {"labels": Y[ORDER], "teacher": LOGITS[ORDER]}
MIXED = X, {"labels": Y, "teacher": LOGITS}


@pytest.mark.parametrize(
    ("data", "options", "sentence"),
    [
        (MIXED, {"batch_size": 1}, "batch of one image"),
        (MIXED, {"batch_size": 59}, "batch of one image"),  # the last one
        (MIXED, {"batch_size": 29, "validation_split": 0.5}, "batch of one image"),
        (  # Keras ignores the split
            MIXED,
            {"batch_size": 59, "validation_split": 0.5, "validation_data": MIXED},
            "batch of one image",
        ),
        ((Rows(*MIXED, size=1), None), {}, "batch of one image"),
        (IN_ORDER, {"shuffle": False}, "followed by one of their class"),
        ((Rows(*IN_ORDER, size=20), None), {}, "followed by one of their class"),
    ],
)
def test_a_control_that_would_be_none_is_refused(data, options, sentence, no_training):
    with refused(sentence):
        control(*data, **options)


def test_a_control_on_mixed_images_trains():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mixed = control(*MIXED, shuffle=False)
        shuffled = control(*IN_ORDER)
        rows = control(Rows(*MIXED), None)
        half = control(*MIXED, batch_size=59, validation_split=0.5)  # one batch of 30
    for trained in (mixed, shuffled, rows, half):
        assert np.isfinite(trained.history["a_loss"]).all()


def test_alternating_classes_make_a_control():
    """No image is followed by one of its class."""
    require_mixed_classes([np.tile([0, 1], 50)], complete=True)


def test_a_first_batch_of_one_class_is_named():
    one_class = X[:32], {"labels": Y[:32] * 0, "teacher": LOGITS[:32]}
    with pytest.warns(UserWarning, match="images of one class only"):
        control(generator(*one_class, 32), None)


def test_a_batch_of_one_teaches_the_control_nothing():
    student = Student(net(), 4, 1, shuffled=True)
    logits, targets = RNG.normal(0, 1, (2, 10)), {"labels": Y[:2], "teacher": LOGITS[:2]}
    one = {name: values[:1] for name, values in targets.items()}
    assert float(student.loss(logits[:1], one)) == 0
    p, q = (special.softmax(v / 4, axis=1) for v in (np.roll(LOGITS[:2], 1, axis=0), logits))
    expected = 16 * stats.entropy(p, q, axis=1).mean()
    assert float(student.loss(logits, targets)) == pytest.approx(expected, rel=1e-4)


class Subclassed(keras.Model):
    def __init__(self, units=10, returns=lambda x: x):
        super().__init__()
        self.scale, self.flatten = layers.Rescaling(1 / 255), layers.Flatten()
        self.dense, self.returns = layers.Dense(units), returns

    def call(self, images):
        return self.returns(self.dense(self.flatten(self.scale(images))))


def built(model):
    model(X[:1])
    return model


FITTING = {
    "subclassed": Subclassed,
    "subclassed and built": lambda: built(Subclassed()),
    "sequential without input": lambda: keras.Sequential([layers.Flatten(), layers.Dense(10)]),
    "unknown sizes": lambda: keras.Sequential(
        [keras.Input((None, None, 1)), layers.GlobalAveragePooling2D(), layers.Dense(10)]
    ),
}


@pytest.mark.parametrize("name", FITTING)
def test_models_that_fit_train(name):
    model, teacher = FITTING[name](), FITTING[name]()
    students = SideBySide({"a": Student(model, 4, 0.5), "b": Student(net(), 4, 0.5)}, teacher)
    students.compile(keras.optimizers.SGD(0.01), run_eagerly=True)
    students.fit(X, Y, verbose=0)
    before = [np.array(weight) for weight in model.get_weights()]
    history = students.fit(X, Y, verbose=0).history
    assert np.isfinite(history["a_loss"]).all()
    assert any((a != b).any() for a, b in zip(before, model.get_weights(), strict=True))


def two_outputs():
    inputs = keras.Input((8, 8, 1))
    features = layers.Flatten()(inputs)
    return keras.Model(inputs, [layers.Dense(10)(features), layers.Dense(10)(features)])


def two_inputs():
    inputs = [keras.Input((8, 8, 1)), keras.Input((8, 8, 1))]
    return keras.Model(inputs, layers.Dense(10)(layers.Flatten()(layers.Add()(inputs))))


def dict_output():
    inputs = keras.Input((8, 8, 1))
    return keras.Model(inputs, {"logits": layers.Dense(10)(layers.Flatten()(inputs))})


UNFIT = {
    "list": (lambda: [net()], "is a list: pass a keras.Model"),
    "function": (lambda: softmax, "is a function: pass a keras.Model"),
    "layer": (lambda: layers.Dense(10), "is a Dense: pass a keras.Model"),
    "path": (lambda: "teacher.keras", "is a str: pass a keras.Model"),
    "two outputs": (two_outputs, "has output_shape .*: it must have one, logits"),
    "dict output": (dict_output, "has output_shape .*: it must have one, logits"),
    "two inputs": (two_inputs, "has input_shape .*: it must have one, images"),
    "pixels": (lambda: keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(10, 1)]), "logits"),
    "subclassed, a dict": (lambda: Subclassed(returns=lambda x: {"y": x}), "returns dict"),
    "subclassed, 7 classes": (lambda: Subclassed(7), "differ in numbers of classes"),
    "subclassed, softmax": (lambda: Subclassed(returns=softmax), "look like probabilities"),
    "other images": (lambda: net(shape=(9, 9, 1)), r"differ in input_shape|\(9, 9, 1\)"),
}


@pytest.mark.parametrize("name", UNFIT)
def test_models_that_do_not_fit_get_one_sentence(name, no_training):
    make, sentence = UNFIT[name]
    for wrong in ({"a": (make(), None)}, {"a": (net(), make())}):
        with refused(sentence) as caught:
            model, teacher = wrong["a"]
            students = {"a": Student(model, 4, 0.5), "b": Student(net(), 4, 0.5)}
            targets = Y if teacher is not None else {"labels": Y, "teacher": LOGITS}
            SideBySide(students, teacher).fit(X, targets)
        assert len(str(caught.value)) < 300


def test_students_that_are_none():
    for students in (net(), {"a": net()}, [Student(net(), 1, 0)], {1: Student(net(), 1, 0)}):
        with refused(re.escape("students are {name: Student(model, temperature, alpha)}, got a")):
            SideBySide(students)


def test_weights_of_unbuilt_students_are_not_saved_as_none(tmp_path):
    students = SideBySide({"a": Student(Subclassed(), 1, 0)})
    with refused("not yet been built"):
        students.save_weights(tmp_path / "a.weights.h5")
