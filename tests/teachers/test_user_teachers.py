"""Teachers of a user: any function, arrays and files; what does not fit gets one sentence."""

import shutil

import keras
import numpy as np
import pytest
from keras import layers
from scipy import special

from common import data, teachers
from tests.support.helpers import direct, within_float16, write_meanwhile

CLASSES = 4


def blobs(count, seed):
    """`count` 4x4 images of four classes: noise around the class's image."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % CLASSES)
    return np.clip(centers()[labels] + rng.normal(0, 40, (count, 4, 4, 1)), 0, 255), labels


def centers():
    return np.random.default_rng(9).integers(0, 256, (CLASSES, 4, 4, 1)).astype("float64")


def scores(images):
    """Logits: minus the squared distance to each class's image."""
    difference = np.asarray(images, "float64")[:, None] - centers()
    return -(difference**2).mean(axis=(2, 3, 4)) / 1000


@pytest.fixture(scope="module")
def dataset():
    splits = [(np.rint(x).astype("uint8"), y) for x, y in (blobs(240, s) for s in range(3))]
    return data.from_arrays("blobs", *splits, ["ash", "birch", "cedar", "fir"])


@pytest.fixture(scope="module")
def exact(dataset):
    splits = ("train", "validation", "test")
    return {split: scores(getattr(dataset, split).images) for split in splits}


def assert_stored(logits, dataset, exact):
    for split, expected in exact.items():
        stored = logits.targets(split, getattr(dataset, split).images).unaugmented()
        assert within_float16(stored, expected).all()


def test_any_function(dataset, exact, tmp_path):
    logits = teachers.from_callable(scores, dataset, name="my-res-net", output_dir=tmp_path)
    assert_stored(logits, dataset, exact)
    assert logits.identity.startswith("my-res-net@") and logits.folder.parent.parent == tmp_path


def test_images_of_the_first_classes_alone_do_not_tell_how_a_model_scales_pixels(tmp_path, capsys):
    """Images of a folder are in the order of their classes; 1,999 gave only those of the first."""
    labels = np.repeat([0, 1], [1000, 999])
    gray = np.where(labels == 0, 200, 100).astype("uint8")
    images = np.tile(gray[:, None, None, None], (1, 4, 4, 1))
    model = keras.Sequential([layers.Input((4, 4, 1)), layers.Flatten(), layers.Dense(2)])
    # right on pixels in 0 to 1, with a threshold of 0.6; certain of the first class in 0 to 255
    model.set_weights([np.tile([[2.5, -2.5]], (16, 1)), np.array([-24.0, 24.0])])
    two = data.from_arrays("two", *[(images, labels)] * 3, ["bright", "dark"])
    logits = teachers.from_callable(model, two, name="scaled", output_dir=tmp_path)
    assert "gets pixels in 0 to 1" in capsys.readouterr().out
    predicted = logits.targets("test", images).unaugmented().argmax(axis=1)
    np.testing.assert_array_equal(predicted, labels)


@pytest.mark.parametrize("trained_on", [1, 255])
def test_a_model_without_errors_gets_the_pixels_that_it_was_trained_on(
    trained_on, tmp_path, capsys
):
    """Both scales classify all images; logits 255 times as large have the lower cross-entropy."""
    labels = np.arange(300) % 2
    images = np.where(labels == 0, 200, 100).astype("uint8")[:, None, None, None]
    two = data.from_arrays("two", *[(np.tile(images, (1, 4, 4, 1)), labels)] * 3)
    flat = [layers.Input((4, 4, 1)), layers.GlobalAveragePooling2D(), layers.Dense(2)]
    model = keras.Sequential(flat)
    slope, bias = 20 / trained_on, 12 / trained_on * (trained_on == 1)
    model.set_weights([np.array([[slope, -slope]]), np.array([-bias, bias])])
    if trained_on == 255:
        model.set_weights([np.array([[0.1, -0.1]]), np.array([-15.0, 15.0])])
    logits = teachers.from_callable(model, two, name="certain", output_dir=tmp_path)
    stored = logits.targets("test", two.test.images).unaugmented()
    expected = direct(model, two.test.images / (255 / trained_on))
    np.testing.assert_allclose(stored, expected, rtol=2e-3, atol=1e-3)
    assert f"gets pixels in 0 to {trained_on}" in capsys.readouterr().out


def test_another_teacher_of_a_name_is_asked_although_it_masks_a_class(tmp_path, capsys):
    rng = np.random.default_rng(0)
    labels = np.arange(400) % 5
    images = rng.integers(0, 60, (400, 8, 8, 1)).astype("uint8")
    images[np.arange(400), labels, labels, 0] = 255
    masked = data.from_arrays("masked", (images, labels))

    def teacher(scale):
        def answer(pixels):
            values = np.stack([pixels[:, k, k, 0] * scale / 255 for k in range(5)], axis=1)
            values[:, 4] = -1e4
            return values

        return answer

    options = {"name": "t", "output_dir": tmp_path}
    for scale in (4.0, 16.0):
        logits = teachers.from_callable(teacher(scale), masked, **options)
        stored = logits.targets("test", masked.test.images).unaugmented()
        np.testing.assert_allclose(stored, teacher(scale)(masked.test.images), rtol=1e-3, atol=1e-3)
    assert "read the logits" not in capsys.readouterr().out
    teachers.from_callable(teacher(16.0), masked, **options)
    assert "read the logits" in capsys.readouterr().out


def test_logits_far_from_zero_keep_their_soft_targets(dataset, exact, tmp_path):
    images = dataset.test.images
    logits = teachers.from_callable(
        lambda pixels: scores(pixels) - 3000.0, dataset, name="far", output_dir=tmp_path
    )
    stored = logits.targets("test", images).unaugmented()
    np.testing.assert_allclose(
        special.softmax(stored / 4, axis=1), special.softmax(scores(images) / 4, axis=1), atol=2e-3
    )


def test_preprocessing_and_views(dataset, tmp_path):
    seen = []
    logits = teachers.from_callable(
        lambda images: scores(images * 255),
        dataset,
        name="t",
        views="mnist_jitter",
        preprocess=lambda images: seen.append(images.dtype) or images / 255,
        output_dir=tmp_path,
    )
    assert logits.view_set.name == "mnist_jitter" and set(seen) == {np.dtype("uint8")}
    view_set = logits.view_set
    shifted = view_set.apply(dataset.train.images[:8], np.full(8, view_set.count - 1))
    taken = logits.targets("train", dataset.train.images, view_set)
    measured = taken.take(np.arange(8), np.full(8, view_set.count - 1))
    assert within_float16(measured, scores(shifted)).all()


def test_the_same_function_is_not_asked_again(dataset, tmp_path, capsys):
    first = teachers.from_callable(scores, dataset, name="t", output_dir=tmp_path)
    asked = []

    def again(images):
        asked.append(len(images))
        return scores(images)

    second = teachers.from_callable(again, dataset, name="t", output_dir=tmp_path)
    assert second.identity == first.identity and asked == [240]
    assert "which agree with the teacher's" in capsys.readouterr().out
    other = teachers.from_callable(
        lambda images: 1.1 * scores(images), dataset, name="t", output_dir=tmp_path
    )
    assert other.identity != first.identity


def test_the_answers_that_another_process_gets_meanwhile_are_read(dataset, tmp_path, monkeypatch):
    """A function on a GPU or far away does not answer twice with the same bits."""
    random, options = np.random.default_rng(0), {"name": "t", "output_dir": tmp_path}
    theirs, batches = [], []

    def noisy(images):
        batches.append(len(images))
        return scores(images) + random.normal(0, 1e-3, (len(images), 1))

    once = teachers.from_callable(noisy, dataset, **options)
    shutil.rmtree(once.folder)
    batches.clear()

    def write():
        theirs.append(teachers.from_callable(scores, dataset, **options))

    write_meanwhile(monkeypatch, once.folder, write)
    read = teachers.from_callable(noisy, dataset, **options)
    assert read.identity == theirs[0].identity and len(batches) == 1


def test_an_interrupted_function_continues(dataset, tmp_path):
    asked, options = [], {"name": "t", "output_dir": tmp_path, "batch_size": 60}

    def interrupted(images):
        asked.append(len(images))
        if len(asked) == 4:
            raise KeyboardInterrupt
        return scores(images)

    with pytest.raises(KeyboardInterrupt):
        teachers.from_callable(interrupted, dataset, **options)
    asked.clear()
    resumed = teachers.from_callable(
        lambda images: asked.append(len(images)) or scores(images), dataset, **options
    )
    assert len(asked) == 1 + 10  # of 12 batches two were written
    whole = teachers.from_callable(scores, dataset, **options | {"output_dir": tmp_path / "b"})
    assert whole.header == resumed.header


@pytest.mark.parametrize("kind", [None, "probabilities"])
def test_probabilities_become_logarithms(dataset, exact, tmp_path, capsys, kind):
    def saturated(images):
        return special.softmax(10 * scores(images), axis=1).astype("float32")

    logits = teachers.from_callable(saturated, dataset, name="t", kind=kind, output_dir=tmp_path)
    hard = [saturated(getattr(dataset, s).images) for s in exact]
    share = np.mean([(each == 0) | (each == 1) for each in hard])
    assert f"{share:.1%} of them are exactly 0 or 1" in capsys.readouterr().out
    stored = logits.targets("test", dataset.test.images).unaugmented()
    kept = hard[-1] > 1e-30
    expected = special.log_softmax(10 * exact["test"], axis=1)
    np.testing.assert_allclose(stored[kept], expected[kept], rtol=1e-3, atol=1e-3)
    assert np.isfinite(stored).all() and (stored[~kept] < -60).all()


@pytest.mark.parametrize("integers", ["int64", "uint64", "int32", "uint8"])
def test_hard_answers_in_any_integers(dataset, tmp_path, capsys, integers):
    """One-hot rows are probabilities; the logarithm of 0 is that of float32's smallest number."""

    def hard(images):
        return np.eye(CLASSES, dtype=integers)[scores(images).argmax(axis=1)]

    logits = teachers.from_callable(hard, dataset, name="hard", output_dir=tmp_path)
    assert "100.0% of them are exactly 0 or 1" in capsys.readouterr().out
    stored = logits.targets("test", dataset.test.images).unaugmented()
    expected = np.where(hard(dataset.test.images) == 1, 0, np.log(np.finfo("float32").tiny))
    assert within_float16(stored, expected).all()


def test_a_forest(dataset, tmp_path, capsys):
    from sklearn.ensemble import RandomForestClassifier

    images, labels = dataset.train.images, dataset.train.labels
    forest = RandomForestClassifier(20, random_state=0).fit(images.reshape(240, -1), labels)
    logits = teachers.from_callable(
        lambda images: forest.predict_proba(images.reshape(len(images), -1)),
        dataset,
        name="forest",
        output_dir=tmp_path,
    )
    stored = special.softmax(logits.targets("test", dataset.test.images).unaugmented(), axis=1)
    expected = forest.predict_proba(dataset.test.images.reshape(240, -1))
    np.testing.assert_allclose(stored, expected, atol=2e-3)


@pytest.mark.parametrize("end", ["dense", "layer", "activation", "linear"])
def test_a_keras_model_gives_the_logits_before_its_softmax(dataset, exact, tmp_path, end):
    mean = centers().reshape(CLASSES, -1) / 1000 / 16
    ends = {"dense": "softmax"}
    inputs = keras.Input((4, 4, 1))
    dense = layers.Dense(CLASSES, activation=ends.get(end))
    outputs = dense(layers.Flatten()(inputs))
    if end in ("layer", "activation"):
        outputs = (layers.Softmax() if end == "layer" else layers.Activation("softmax"))(outputs)
    model = keras.Model(inputs, outputs)
    dense.set_weights([2 * mean.T, -(mean * centers().reshape(CLASSES, -1)).sum(axis=1)])
    path = tmp_path / "teacher.keras"
    model.save(path)
    loaded = keras.models.load_model(path)
    logits = teachers.from_callable(loaded, dataset, name="t", output_dir=tmp_path)
    stored = logits.targets("test", dataset.test.images).unaugmented()
    constant = stored - exact["test"]  # the squared image, which a softmax cancels
    np.testing.assert_allclose(constant, constant.mean(1, keepdims=True).repeat(4, 1), atol=0.05)
    assert np.ptp(stored) > 20  # no probabilities' logarithms, which end at 0
    assert stored.max() > 0


def test_arrays_in_order(dataset, exact, tmp_path):
    logits = teachers.from_logits(dataset, name="t", **exact, output_dir=tmp_path)
    assert_stored(logits, dataset, exact)
    together = np.concatenate([exact["train"], exact["validation"]])
    both = teachers.from_logits(
        dataset, name="t", train=together, test=exact["test"], output_dir=tmp_path
    )
    everything = np.concatenate([together, exact["test"]])
    all_in_one = teachers.from_logits(dataset, name="t", train=everything, output_dir=tmp_path)
    assert logits.identity == both.identity == all_in_one.identity


def test_files(dataset, exact, tmp_path):
    for split, values in exact.items():
        np.save(tmp_path / f"{split}.npy", values)
    np.savez(tmp_path / "all.npz", **exact)
    paths = {split: str(tmp_path / f"{split}.npy") for split in exact}
    single = teachers.from_logits(dataset, name="t", **paths, output_dir=tmp_path)
    together = teachers.from_logits(
        dataset, name="t", train=tmp_path / "all.npz", output_dir=tmp_path
    )
    assert_stored(together, dataset, exact)
    assert single.identity == together.identity


@pytest.mark.parametrize(
    ("form", "argument"), [("path", "validation"), ("array", "validation"), ("rows", "train")]
)
def test_a_split_that_is_given_twice(dataset, exact, tmp_path, form, argument):
    """The logits of validation, in the file of `train`, after its rows, and once more."""
    np.savez(tmp_path / "all.npz", **exact)
    np.save(tmp_path / "validation.npy", exact["validation"])
    validation = tmp_path / "validation.npy" if form == "path" else exact["validation"]
    train = np.concatenate([*exact.values()]) if form == "rows" else tmp_path / "all.npz"
    sentence = f"the validation logits of 't' are passed twice, by {argument}= too: pass each split"
    with pytest.raises(ValueError, match=sentence):
        teachers.from_logits(
            dataset, name="t", train=train, validation=validation, output_dir=tmp_path / "out"
        )
    assert not (tmp_path / "out").exists()


def test_pairs_are_found_by_their_images(dataset, exact, tmp_path):
    images = np.concatenate([getattr(dataset, split).images for split in exact])
    order = np.random.default_rng(0).permutation(len(images))
    values = np.concatenate([*exact.values()])[order]
    pair = (images[order] / 255, values)
    logits = teachers.from_logits(dataset, name="t", train=pair, output_dir=tmp_path)
    assert_stored(logits, dataset, exact)
    np.savez(tmp_path / "pair.npz", images=images[order], logits=values)
    path = tmp_path / "pair.npz"
    read = teachers.from_logits(dataset, name="t", train=path, output_dir=tmp_path)
    assert read.identity == logits.identity
    with pytest.raises(ValueError, match=r"lack \d+ of 240 of the train images"):
        teachers.from_logits(dataset, name="t", train=(images[order][9:], values[9:]))


def test_classes_of_another_teacher(dataset, exact, tmp_path):
    """Six columns: a class of its own that is ignored, and cedar split into two."""
    parts = np.log([0.25, 0.75])

    def wider(values):
        cedar = values[:, 2:3] + parts
        return np.hstack([values[:, :2], cedar, values[:, 3:], 99 + 0 * values[:, :1]])

    classes = {0: "ash", 1: 1, 2: "cedar", 3: 2, 4: "fir", 5: None}
    options = {"name": "t", "classes": classes, "output_dir": tmp_path}
    logits = teachers.from_callable(lambda images: wider(scores(images)), dataset, **options)
    assert_stored(logits, dataset, exact)
    given = {split: wider(values) for split, values in exact.items()}
    assert_stored(teachers.from_logits(dataset, **given, **options), dataset, exact)


@pytest.mark.parametrize(
    ("classes", "sentence"),
    [
        (None, "has 6 columns, blobs has 4 classes: pass classes="),
        ({0: 0, 1: 1, 2: 2}, "gives no column of teacher 't' to fir"),
        ({0: 0, 1: 1, 2: 2, 9: 3}, "names column 9 of teacher 't', which has columns 0 to 5"),
        ({0: 0, 1: 1, 2: 2, 3: 4}, "maps column 3 to 4, but blobs has classes 0 to 3"),
        ({0: "ash", 1: "elm", 2: 2, 3: 3}, "unknown class 'elm'"),
        ({"a": 0, 1: 1, 2: 2, 3: 3}, "numbers from 0 on, got 'a'"),
    ],
)
def test_class_mappings_that_do_not_fit(dataset, classes, sentence):
    with pytest.raises(ValueError, match=sentence):
        teachers.from_callable(
            lambda images: np.zeros((len(images), 6)), dataset, name="t", classes=classes
        )


ORDER = np.random.default_rng(1).permutation(240)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda x: x[ORDER],
            "predict .*% of the labels correctly, chance is .*: the order or",
        ),
        (lambda x: x[::-1], "but with rows reversed on"),
        (lambda x: np.roll(x, 1, axis=0), r"but with rows shifted by -1 on"),
        (lambda x: x[:, [1, 0, 2, 3]], r"but with columns as \{0: 'birch', 1: 'ash'\} on"),
        (lambda x: x[:100], "have 100 rows for 240 images"),
        (lambda x: x[:, :3], "has 3 columns, blobs has 4 classes"),
        (lambda x: np.where(x < -5, np.nan, x), "returns NaN or infinity"),
        (lambda x: x[:, 0], r"returns float\d\d \(240,\) for 240 images"),
        (lambda x: x.astype(str), "returns <U"),
        (lambda x: 1 / (1 + np.exp(-x / 10)), r"probabilities .all are between 0 and 1, as after"),
        (lambda x: 1 / (1 + np.exp(-x)), "if they are logits, subtract 1"),  # some are exactly 1
    ],
)
def test_logits_that_do_not_fit_get_one_sentence(dataset, exact, tmp_path, change, sentence):
    values = exact | {"validation": change(exact["validation"])}
    with pytest.raises(ValueError, match=sentence) as caught:
        teachers.from_logits(dataset, name="t", **values, output_dir=tmp_path)
    assert "t'" in str(caught.value) and not list(tmp_path.rglob("*.npy"))


def test_a_model_whose_logits_are_small_on_the_wrong_scale(tmp_path):
    """On pixels divided by 255 they look like sigmoids, but these are not used."""
    rng, labels = np.random.default_rng(0), np.arange(240) % 3
    images = 30 + 200 * np.eye(3)[labels][:, None, None] + np.zeros((1, 4, 4, 1))
    images = (images + rng.normal(0, 5, images.shape)).astype("uint8")
    stack = [keras.Input((4, 4, 3)), keras.layers.GlobalAveragePooling2D()]
    model = keras.Sequential([*stack, keras.layers.Dense(3, use_bias=False)])
    model.layers[-1].set_weights([0.1 * np.eye(3)])
    data_of_colors = data.from_arrays("colors", (images, labels))
    logits = teachers.from_callable(model, data_of_colors, name="t", output_dir=tmp_path)
    stored = logits.targets("test", data_of_colors.test.images).unaugmented()
    assert stored.max() > 10 and (stored.argmax(axis=1) == data_of_colors.test.labels).all()


@pytest.mark.parametrize(
    ("function", "options", "sentence"),
    [
        (
            lambda images: scores(255 - images),
            {},
            "the order or the preprocessing is wrong|columns",
        ),
        (lambda images: scores(images)[:9], {}, r"returns float64 \(9, 4\) for 240 images"),
        (scores, {"name": "a@b"}, "a text without @"),
        (scores, {"kind": "probability"}, "unknown kind 'probability': did you mean"),
        (scores, {"kind": "probabilities"}, "probabilities from .* sum to .*, not 1: pass logits"),
        ("teacher.onnx", {}, "is a str: pass a function"),
        (scores, {"batch_size": 0}, "batch_size must be"),
    ],
)
def test_functions_that_do_not_fit_get_one_sentence(dataset, tmp_path, function, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        teachers.from_callable(function, dataset, **{"name": "t", "output_dir": tmp_path} | options)
    assert not list(tmp_path.rglob("*.npy"))


def test_a_model_of_other_images_gets_them_from_preprocess(dataset, tmp_path):
    model = keras.Sequential([layers.Input((8, 8, 1)), layers.Flatten(), layers.Dense(4)])
    options = {"name": "t", "output_dir": tmp_path}

    def enlarge(images):
        return np.kron(images, np.ones((1, 2, 2, 1)))

    def logits_of(images):
        return direct(model, enlarge(images).astype("float32"))

    model.layers[-1].set_weights(_classifier(dataset, enlarge))
    made = teachers.from_callable(model, dataset, preprocess=enlarge, **options)
    stored = made.targets("test", dataset.test.images).unaugmented()
    expected = logits_of(dataset.test.images)
    softmaxes = (special.softmax(each, axis=1) for each in (stored, expected))
    np.testing.assert_allclose(*softmaxes, atol=0.05)
    with pytest.raises(ValueError, match=r"takes images \(8, 8, 1\), the data are .*preprocess="):
        teachers.from_callable(model, dataset, **options)
    with pytest.raises(ValueError, match=r"what preprocess= returns is .*: let it resize them"):
        teachers.from_callable(model, dataset, preprocess=lambda x: x[:, :2], **options)


def _classifier(dataset, enlarge):
    """Weights and biases of a linear least-squares classifier of the enlarged training images."""
    rows = enlarge(dataset.train.images).reshape(len(dataset.train), -1).astype("float64")
    rows = np.column_stack([rows, np.ones(len(rows))])
    targets = 10 * np.eye(dataset.classes)[dataset.train.labels]
    solution = np.linalg.lstsq(rows, targets, rcond=None)[0]
    return solution[:-1], solution[-1]


def test_logits_between_zero_and_one_that_are_stated(dataset, exact, tmp_path):
    small = {split: 0.1 + 0.8 * special.expit(values) for split, values in exact.items()}
    options = {"name": "t", "output_dir": tmp_path}
    with pytest.raises(ValueError, match="between 0 and 1, as after a sigmoid"):
        teachers.from_logits(dataset, **small, **options)
    made = teachers.from_logits(dataset, **small, kind="logits", **options)
    stored = made.targets("test", dataset.test.images).unaugmented()
    softmaxes = (special.softmax(each, axis=1) for each in (stored, small["test"]))
    np.testing.assert_allclose(*softmaxes, atol=1e-3)
    rows, batches = {key: i for i, key in enumerate(map(bytes, dataset.validation.images))}, []

    def answers(images):
        """A row outside of 0 to 1 is in one batch only."""
        batches.append(len(images))
        values = 0.1 + 0.8 * special.expit(scores(images))
        return values - 0.2 * np.array([[rows.get(bytes(image)) == 100] for image in images])

    options |= {"kind": "logits", "batch_size": 50, "name": "f"}
    first = teachers.from_callable(answers, dataset, **options)
    batches.clear()
    assert teachers.from_callable(answers, dataset, **options).identity == first.identity
    assert batches == [50]


def test_an_average_names_the_precisions_of_all(dataset, exact, tmp_path):
    pair = [
        teachers.from_logits(dataset, name=name, **exact, output_dir=tmp_path)
        for name in ("a", "b")
    ]
    for order in (pair, pair[::-1]):
        pair[0].header["computed_in"] = ["bfloat16", "float32"]
        assert teachers.average(order).header["computed_in"] == ["bfloat16", "float32"]
    del pair[0].header["computed_in"]
    assert "computed_in" not in teachers.average(pair, name="both").header


def test_missing_splits_and_files(dataset, exact, tmp_path):
    with pytest.raises(ValueError, match=r"lack validation and test: pass them as validation="):
        teachers.from_logits(dataset, name="t", train=exact["train"], output_dir=tmp_path)
    with pytest.raises(ValueError, match=r"nowhere.npy cannot be read"):
        teachers.from_logits(dataset, name="t", train=tmp_path / "nowhere.npy")
    np.savez(tmp_path / "odd.npz", a=exact["train"], b=exact["test"])
    with pytest.raises(ValueError, match=r"odd.npz holds a, b: name its arrays"):
        teachers.from_logits(dataset, name="t", train=tmp_path / "odd.npz")


@pytest.mark.parametrize("weights", [None, [3, 1]])
def test_averages(dataset, exact, tmp_path, weights):
    second = {split: 0.5 * values for split, values in exact.items()}
    pair = [
        teachers.from_logits(dataset, name=name, **values, output_dir=tmp_path)
        for name, values in (("a", exact), ("b", second))
    ]
    share = np.divide(weights or [1, 1], sum(weights or [1, 1]))
    for of in ("probabilities", "logits"):
        logits = teachers.average(pair, of, weights)
        assert logits.identity.startswith("a + b@")
        stored = logits.targets("test", dataset.test.images).unaugmented()
        both = (exact["test"], second["test"])
        if of == "logits":
            expected = share[0] * both[0] + share[1] * both[1]
        else:
            expected = np.log(
                sum(s * special.softmax(x, 1) for s, x in zip(share, both, strict=True))
            )
        np.testing.assert_allclose(stored, expected, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("weights", [None, [3, 1]])
def test_average_probabilities_of_several_labels_are_those_of_each_class(tmp_path, weights):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (60, 4, 4, 1)).astype("uint8")
    tags = rng.integers(0, 2, (60, 3))
    tags[::20] = 1  # several tags of an image in each split
    parts = [(images[20 * k : 20 * k + 20], tags[20 * k : 20 * k + 20]) for k in range(3)]
    tagged = data.from_arrays("tags", *parts, ["a", "b", "c"])
    scale = {"a": 6.0, "b": 2.0}
    pair = [
        teachers.from_logits(
            tagged,
            name=name,
            **{s: k * (getattr(tagged, s).labels - 0.5) for s in ("train", "validation", "test")},
            output_dir=tmp_path,
        )
        for name, k in scale.items()
    ]
    average = teachers.average(pair, weights=weights)
    stored = average.targets("test", tagged.test.images).unaugmented()
    signs = tagged.test.labels - 0.5
    mean = np.average([special.expit(k * signs) for k in scale.values()], axis=0, weights=weights)
    np.testing.assert_allclose(special.expit(stored.astype("float64")), mean, rtol=2e-3)


def test_averages_that_do_not_fit(dataset, exact, tmp_path):
    options = {"output_dir": tmp_path}
    one = teachers.from_logits(dataset, name="a", **exact, **options)
    views = teachers.from_callable(scores, dataset, name="b", views="mnist_jitter", **options)
    several = teachers.from_logits(dataset, name="c", **exact, **options)
    several.header["multi_label"] = True
    for chosen, settings, sentence in (
        ([one], {}, "two or more teachers, got 1"),
        ([one, views], {}, "other images, views, classes or kinds of labels"),
        ([one, several], {}, "other images, views, classes or kinds of labels"),
        ([one, one], {"weights": [1]}, "weights are 2 numbers, one per teacher"),
        ([one, one], {"weights": [1, -1]}, "a weight must be a finite number of at least 0"),
        ([one, one], {"of": "odds"}, "unknown average of"),
    ):
        with pytest.raises(ValueError, match=sentence):
            teachers.average(chosen, **settings)
