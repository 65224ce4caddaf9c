"""The commonest case in one call and in one command: a Keras model, a student, one's own data."""

import inspect
import types

import keras
import numpy as np
import pytest
from keras import layers

import common
from common import data, models, teachers
from common.cli import main
from common.distillation import Distillation, with_controls
from common.runs import ModelSpec, Recipe
from common.teachers import any_teacher
from common.teachers.online import OnlineTeacher
from common.training import run_checks
from tests.support.helpers import no_fit

RECIPE = Recipe(epochs=2, batch_size=50)
TINY = ModelSpec("mlp", RECIPE, "tiny", {"width": 8})


@pytest.fixture(scope="module")
def path(mnist, tmp_path_factory):
    """A .keras file as users have it: trained on pixels in 0 to 1, with a softmax at the end."""
    keras.utils.set_random_seed(0)
    stack = [layers.Input((28, 28, 1)), layers.Flatten(), layers.Dense(32, activation="relu")]
    model = keras.Sequential([*stack, layers.Dense(10, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(mnist.train.images / 255, mnist.train.labels, epochs=10, verbose=0)
    path = tmp_path_factory.mktemp("teacher") / "my_resnet v1.2.keras"
    model.save(path)
    return path


def test_one_call(path, mnist, tmp_path, monkeypatch, capsys):
    options = {"temperature": 4, "alpha": 0.9, "seeds": 2, "output_dir": tmp_path}
    outcome = common.distill(path, TINY, mnist, **options)
    assert "'my_resnet v1.2' gets pixels in 0 to 1, divided by 255" in capsys.readouterr().out
    rows = str(outcome).splitlines()
    assert len(rows) == 2 + 3 and "p (t)" in rows[0] and "p (McNemar)" in rows[0]
    assert "my_resnet v1.2" in rows[3]
    assert [record["seed"] for record in outcome.records] == [0, 1] * 3
    assert len(list((tmp_path / "results").glob("*.json"))) == 6
    monkeypatch.setattr(keras.Model, "fit", no_fit)
    assert common.distill(path, TINY, mnist, **options).records == outcome.records
    baseline, distilled, _ = outcome.groups
    for group, model in (
        (baseline, outcome.model(baseline, 1)),
        (distilled, outcome.model(seed=1)),
    ):
        predicted = model.predict(mnist.test.images, verbose=0).argmax(axis=1)
        assert np.sum(predicted != mnist.test.labels) == group.seeds[1]["test"]["errors"]
    with pytest.raises(ValueError, match="unknown seed 2: choose from 0, 1"):
        outcome.model(seed=2)
    for group in (0, "baseline"):
        with pytest.raises(ValueError, match="group is one of `groups`, such as groups"):
            outcome.model(group)


def test_the_logits_are_those_before_the_softmax(path, mnist, tmp_path):
    logits = teachers.from_any(path, mnist, output_dir=tmp_path)
    stored = logits.targets("test", mnist.test.images).unaugmented()
    model = keras.models.load_model(path)
    expected = model.predict(mnist.test.images / 255, verbose=0)
    softmax = np.exp(stored) / np.exp(stored).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(softmax, expected, atol=5e-3)
    assert stored.max() > 1


def test_a_function_and_own_data_and_an_own_student(path, mnist, tmp_path):
    model = keras.models.load_model(path)

    def student(image_shape, classes):
        stack = [layers.Input(image_shape), layers.Rescaling(1 / 255), layers.Flatten()]
        return keras.Sequential([*stack, layers.Dense(classes)])

    splits = [(split.images, split.labels) for split in (mnist.train, mnist.validation, mnist.test)]
    own = data.from_arrays("my-digits v2.0", *splits)
    outcome = common.distill(
        lambda images: model.predict_on_batch(images / 255),
        student,
        own,
        seeds=[3],
        control=False,
        output_dir=tmp_path,
        recipe=RECIPE,
        name="function",
    )
    assert len(outcome.groups) == 2 and outcome.records[0]["seed"] == 3
    assert outcome.records[1]["run"].startswith("my_digits_v2.0-student-from-function-T4-a0.9-")
    wrong = outcome.model().predict(own.test.images, verbose=0).argmax(axis=1) != own.test.labels
    assert wrong.sum() == outcome.records[1]["test"]["errors"]


@pytest.mark.usefixtures("eager")
def test_options_and_weights_of_a_method(path, few, tmp_path):
    """The published settings of DKD; of two temperatures the one with fewer validation errors."""
    weights = {"method": "dkd", "hard_weight": 1, "soft_weight": 1, "options": {"beta": 8}}
    settings = [Distillation(temperature, **weights) for temperature in (4, 1)]
    options = {"seeds": 1, "control": False, "output_dir": tmp_path, "settings": settings}
    outcome = common.distill(path, TINY, few, **options)
    assert [group.settings for group in outcome.groups[1:]] == [
        "T = 4, 1 : 1, beta = 8",
        "T = 1, 1 : 1, beta = 8",
    ]
    best = min(outcome.groups[1:], key=lambda group: group.values("errors", "validation")[0])
    predicted = outcome.model().predict(few.test.images, verbose=0).argmax(axis=1)
    assert np.sum(predicted != few.test.labels) == best.values("errors")[0]


@pytest.mark.usefixtures("eager")
def test_one_command(path, mnist_dir, tmp_path, capsys):
    options = ["--student", "mlp", "--seeds", "0", "1", "--epochs", "1", "--limit", "100"]
    options += ["--data-dir", str(mnist_dir), "--output-dir", str(tmp_path)]
    main("mnist", ["distill", "--teacher", str(path), *options])
    out = capsys.readouterr().out
    assert "my_resnet v1.2" in out and "p (t)" in out
    assert len(list((tmp_path / "results").glob("*.json"))) == 6


@pytest.mark.parametrize(
    ("teacher", "sentence"),
    [
        ("nowhere.keras", "there is no file nowhere.keras of a teacher"),
        ("damaged.keras", "damaged.keras cannot be loaded"),
        ("teacher.h5x", "unknown teacher"),
    ],
)
def test_files_that_do_not_fit(mnist_dir, tmp_path, monkeypatch, teacher, sentence):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "damaged.keras").write_bytes(b"no model")
    options = ["--student", "mlp", "--data-dir", str(mnist_dir), "--output-dir", "runs"]
    with pytest.raises(SystemExit, match=sentence):
        main("mnist", ["distill", "--teacher", teacher, *options])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"student": "mpl"}, "unknown student 'mpl': did you mean mlp"),
        ({"teacher": "teacher.pt"}, "is no file of .keras, .onnx, .npy, .npz"),
        ({"teacher": 7}, "is a int: pass a function"),
        ({"seeds": 0}, "seeds must be a whole number above 0"),
        ({"alpha": 2}, "alpha must lie between 0 and 1"),
        ({"recipe": RECIPE}, "a ModelSpec has a recipe"),
        ({"epochs": 3}, r"epochs is the student's: pass recipe=Recipe\(epochs=3\)"),
        ({"data": (0, 1)}, "data are a data.Dataset, got tuple: make one by data.from_arrays"),
        ({"student": "mlp", "recipe": {"epochs": 3}}, "recipe is a Recipe, such as"),
        ({"temperature": []}, "temperature is an empty list"),
        ({"settings": []}, "settings is an empty list"),
        ({"settings": 4}, r"settings are a Distillation, such as Distillation\(4, 0.9\), got 4"),
        ({"settings": Distillation(4, 0)}, "T4-a0 has no soft targets, as the baseline"),
        (
            {"settings": Distillation(4, 0.5), "temperature": 4},
            "settings have temperature: pass them there",
        ),
        (
            {"settings": Distillation(4, 0.5, control="shuffled")},
            "T4-a0.5-shuffled is a control: pass control='shuffled'",
        ),
        (
            {"settings": [Distillation(4, 0.5), Distillation(4, 0.5, class_weights=[1] * 10)]},
            "settings of one call have one baseline",
        ),
        ({"seeds": []}, "seeds is an empty list"),
        ({"alpha": 0}, "alpha, which is 0 for the baseline, must be .* above 0"),
        ({"class_weights": 2.0}, "class_weights are a list, one number per class, got 2.0"),
        ({"preproces": abs}, "unknown option 'preproces': did you mean preprocess"),
        ({"validation": "v.npy"}, "unknown option 'validation' of a teacher that is a model"),
    ],
)
def test_arguments_that_do_not_fit(path, few, tmp_path, monkeypatch, changes, sentence):
    monkeypatch.setattr(keras.Model, "fit", no_fit)
    arguments = {"teacher": path, "student": TINY, "data": few, "output_dir": tmp_path} | changes
    with pytest.raises(ValueError, match=sentence):
        common.distill(**arguments)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"student": "mobilenet_v2"}, "8x8 pixels are too small"),
        ({"student": ModelSpec("cnn", RECIPE, options={"widht": 0.5})}, "did you mean width"),
        ({"student": "mlp", "recipe": Recipe(augmentation="affine")}, "choose views instead"),
        ({"class_weights": [1, 2]}, "has 2 class_weights, .* has 10 classes"),
        ({"method": "kdd"}, "unknown method 'kdd'"),
        ({"method": "bernoulli"}, 'choose method="kd"'),
        ({"method": "label_smoothing", "control": "shuffled"}, "reads no teacher's logits"),
    ],
)
def test_what_does_not_fit_is_refused_before_the_teacher_answers(few, tmp_path, changes, sentence):
    def teacher(images):
        raise AssertionError("asked")

    small = [(split.images[:, :8, :8], split.labels) for split in (few.train, few.validation)]
    dataset = data.from_arrays("small", small[0], small[1], small[1])
    arguments = {"student": "mlp", "data": dataset, "output_dir": tmp_path} | changes
    with pytest.raises(ValueError, match=sentence):
        common.distill(teacher, **arguments)


def test_the_options_are_those_of_the_two_functions():
    by_distill = {"function", "dataset", "train", "name", "views", "output_dir"}
    for function, options in (
        (teachers.from_callable, any_teacher.OF_FUNCTIONS),
        (teachers.from_logits, any_teacher.OF_FILES),
    ):
        assert set(inspect.signature(function).parameters) - by_distill == set(options)


def test_options_of_another_kind_of_teacher(few, tmp_path):
    np.save(tmp_path / "teacher.npy", np.zeros((300, 10), "float32"))
    for option in ({"preprocess": abs}, {"batch_size": 10}):
        with pytest.raises(ValueError, match="file of logits: it takes validation, test, kind"):
            teachers.from_any(tmp_path / "teacher.npy", few, **option)
    logits = types.SimpleNamespace(targets=None)
    with pytest.raises(ValueError, match=r"unknown option 'kind' .* that is Logits: it takes none"):
        teachers.from_any(logits, few, kind="logits")


def test_a_method_without_a_teacher_has_no_control(path, mnist, tmp_path):
    options = {"method": "label_smoothing", "seeds": 1, "output_dir": tmp_path}
    outcome = common.distill(path, TINY, mnist, **options)
    assert [group.run.settings.control for group in outcome.groups] == [None, None]


def test_controls_are_of_the_first_setting_with_a_teacher():
    smoothing, kd = Distillation(1.0, 0.9, "label_smoothing"), Distillation(2.0, 0.9)
    control = Distillation(2.0, 0.9, control="shuffled")
    assert with_controls([smoothing, kd], True) == [smoothing, kd, control]
    assert with_controls([smoothing], True) == [smoothing]
    assert with_controls([], True) == []


def test_finished_runs_of_any_seed_are_read_although_their_schedule_is_refused_now(
    few, tmp_path, monkeypatch
):
    recipe = Recipe(epochs=1, batch_size=50)
    student = ModelSpec("mlp", recipe, "tiny", {"width": 8})
    logits = np.eye(10)[few.train.labels] * 3
    options = {"seeds": [1, 2], "output_dir": tmp_path, "control": False}
    parts = {"train": logits, "validation": np.eye(10)[few.validation.labels] * 3}
    parts["test"] = np.eye(10)[few.test.labels] * 3
    teacher = teachers.from_logits(few, name="t", **parts, output_dir=tmp_path)
    first = common.distill(teacher, student, few, **options)
    monkeypatch.setattr(run_checks, "check_schedules", _refuse_any)
    assert common.distill(teacher, student, few, **options).records == first.records
    with pytest.raises(ValueError, match="its schedule"):
        common.distill(teacher, student, few, **options | {"seeds": [1, 3]})


def _refuse_any(runs):
    if runs:
        raise ValueError("its schedule ignores a field")


def test_an_online_teacher_and_a_recipe_that_augments(few, tmp_path):
    model = models.build("mlp", few.image_shape, few.classes, width=8)
    recipe = Recipe(epochs=1, batch_size=50, augmentation="affine")
    student = ModelSpec("mlp", recipe, "tiny", {"width": 8})
    options = {"seeds": 1, "control": False, "output_dir": tmp_path}
    outcome = common.distill(OnlineTeacher(model, "mine"), student, few, **options)
    assert [bool(group.teacher) for group in outcome.groups] == [False, True]


def test_a_teacher_of_other_images(few, tmp_path):
    stack = [layers.Input((32, 32, 3)), layers.Flatten(), layers.Dense(10)]
    with pytest.raises(ValueError, match=r"takes images \(32, 32, 3\), the data are \(28, 28, 1\)"):
        common.distill(keras.Sequential(stack), TINY, few, output_dir=tmp_path)
