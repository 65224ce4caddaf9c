"""Networks of a user's own are known by their configuration, and checked before any training."""

import types

import keras
import numpy as np
import pytest
from keras import layers

from common import results, training
from common.backend.precision import dtype_policy
from common.distillation import Distillation
from common.experiments.spec import StudySpec
from common.experiments.study import Study
from common.models import architecture, user_models
from common.runs import ModelSpec, Recipe, model_io
from tests.support.helpers import assert_same_outcome, no_fit
from tests.support.user_networks import Subclassed

SHAPE, RECIPE = (28, 28, 1), Recipe(epochs=1, batch_size=25)


def net(image_shape, classes, width=8, activation="relu"):
    inputs = keras.Input(image_shape)
    x = layers.Flatten()(layers.Rescaling(1 / 255)(inputs))
    return keras.Model(inputs, layers.Dense(classes)(layers.Dense(width, activation)(x)))


def study(few, folder, build, **options):
    spec = ModelSpec(build=build, recipe=RECIPE, title="mine", **options)
    return Study(StudySpec(folder, {}, {"mine": spec}), few, output_dir=folder)


def test_the_id_is_that_of_the_configuration(few, tmp_path):
    first = study(few, tmp_path, net).student("mine")
    layers.Dense(3), layers.Flatten()  # Keras numbers names on
    same = architecture.digest(lambda image_shape, classes: net(image_shape, classes), SHAPE, 10)
    assert first.architecture == same and first.label == "mnist-net"
    others = [
        lambda image_shape, classes: net(image_shape, classes, 9),
        lambda image_shape, classes: net(image_shape, classes, activation="tanh"),
        lambda classes: Subclassed(classes),
    ]
    digests = [architecture.digest(other, SHAPE, 10) for other in others]
    assert len({same, *digests}) == 4
    assert digests[2] == architecture.digest(lambda classes: Subclassed(classes), SHAPE, 10)


def test_what_a_function_reads_outside_its_arguments_counts(few, tmp_path):
    width = 4

    def build(image_shape, classes):
        return net(image_shape, classes, width)

    before = study(few, tmp_path, build).student("mine")
    width = 5
    after = study(few, tmp_path, build).student("mine")
    assert before.architecture != after.architecture
    assert after.architecture == architecture.digest(lambda: net(SHAPE, 10, 5), SHAPE, 10)


def test_trained_recorded_resumed_and_loaded_as_the_repository_s_own(
    few, logits, tmp_path, monkeypatch
):
    def train(folder):
        each = study(few, folder, net, options={"width": 5})
        runs = [each.student("mine"), each.student("mine", logits=logits, distillation=KD)]
        return each, runs, each.train(runs, logits=[logits])

    first, runs, records = train(tmp_path / "a")
    assert records[0]["parameters"] == 785 * 5 + 6 * 10
    assert records[0]["configuration"]["architecture"] == runs[0].architecture
    model = first.model(runs[0])
    np.testing.assert_array_equal(
        np.argmax(model.predict(few.test.images, verbose=0), 1) != few.test.labels,
        np.isin(np.arange(100), records[0]["test"]["wrong"]),
    )
    train(tmp_path / "b")
    assert_same_outcome(tmp_path / "a", tmp_path / "b", runs)
    monkeypatch.setattr(keras.Model, "fit", no_fit)
    assert train(tmp_path / "a")[2] == records


KD = Distillation(4, 0.9)


def test_tables_find_the_students_of_a_spec_with_a_function(few, logits, tmp_path):
    each = study(few, tmp_path, net)
    control = Distillation(4, 0.9, control="shuffled")
    settings = [{}, *({"logits": logits, "distillation": one} for one in (KD, control))]
    runs = [each.student("mine", **changes) for changes in settings]
    groups = results.group_seeds(each.train(runs, logits=[logits]))
    ours = results.Results(groups).of(each.spec.students["mine"])
    assert [group.run.id for group in ours] == [run.id for run in runs]
    same_name = ModelSpec(build=lambda image_shape, classes: None, model="other", recipe=RECIPE)
    assert results.Results(groups).of(same_name) == []


def test_records_of_two_networks_with_one_name_are_not_mixed(few, tmp_path):
    for width in (8, 9):
        each = study(
            few, tmp_path, lambda image_shape, classes, w=width: net(image_shape, classes, w)
        )
        each.train([each.student("mine")])
    groups = results.load_groups(tmp_path)
    assert len(groups) == 2
    with pytest.raises(ValueError, match="several networks called 'own': give a changed network"):
        results.Results(groups).of(each.spec.students["mine"])


def test_options_of_any_type_have_names_and_tables(few, tmp_path):
    def layered(image_shape, classes, widths, kind="a/b"):
        return net(image_shape, classes, widths[0])

    options = {"widths": np.array([5, 3]), "kind": "relu/" + 300 * "x"}
    each = study(few, tmp_path, layered, options=options)
    run = each.student("mine")
    assert run.options["widths"] == [5, 3]
    assert run.label == "mnist-layered-kindrelu_xxxxxxxxxxxxxxx-widths_5__3_"
    each.train([run])
    (group,) = results.load_groups(tmp_path)
    assert "layered kind relu/xxx" in results.students_table([group])


def test_the_callers_policy_changes_no_id(few, tmp_path):
    def fresh(image_shape, classes):  # the hash of a function is remembered
        return net(image_shape, classes)

    with dtype_policy("mixed_bfloat16"):
        under_policy = architecture.digest(fresh, SHAPE, 10)
    assert under_policy == architecture.digest(net, SHAPE, 10)


def test_the_callers_float16_policy_does_not_reach_the_training(few, tmp_path):
    records = {}
    for policy in ("float32", "mixed_float16"):
        with dtype_policy(policy):
            mine = study(few, tmp_path / policy, net)
            (records[policy],) = mine.train([mine.student("mine")])
    assert records["float32"]["weights_sha256"] == records["mixed_float16"]["weights_sha256"]


def test_seeds_determine_the_weights(few, tmp_path):
    each = study(few, tmp_path, net)
    np.random.seed(3)  # noqa: NPY002, a user's own state
    first, again, other = (
        model_io.build_model(each.student("mine", seed), few).get_weights() for seed in (0, 0, 1)
    )
    drawn = np.random.random()  # noqa: NPY002
    np.random.seed(3)  # noqa: NPY002
    assert drawn == np.random.random()  # noqa: NPY002
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (
            lambda classes: net((32, 32, 3), classes),
            r"shape \(28, 28, 1\), but the model of build function",
        ),
        (lambda image_shape: net(image_shape, 7), "returns 7 logits, the data have 10 classes"),
        (
            lambda image_shape: keras.Sequential(
                [layers.Flatten(), layers.Dense(10, activation="softmax")]
            ),
            "ends in a softmax: remove it",
        ),
        (lambda shape, n: net(shape, n), "differ in n, shape: it may take image_shape, classes"),
        (lambda: "net", "is a str: pass a keras.Model"),
        (layers.Dense(3), "build is a Dense: pass a function"),
    ],
)
def test_models_that_do_not_fit_get_one_sentence(few, tmp_path, monkeypatch, build, sentence):
    monkeypatch.setattr(training, "run", no_fit)
    with pytest.raises(ValueError, match=sentence):
        study(few, tmp_path, build, model="mine").student("mine")


def test_specs_that_do_not_fit():
    with pytest.raises(ValueError, match="needs model=NAME, or build=FUNCTION"):
        ModelSpec(recipe=RECIPE)
    with pytest.raises(ValueError, match="called 'mlp', as one of the registry"):
        ModelSpec("mlp", RECIPE, build=net)
    assert ModelSpec(build=net).model == "net" == ModelSpec(build=net).title
    assert ModelSpec(build=lambda: None).model == "own"
    with pytest.raises(ValueError, match="a function that builds a new model for each seed"):
        user_models.build(net(SHAPE, 10), SHAPE, 10)


def test_a_function_that_no_worker_can_get(few, tmp_path):
    each = study(few, tmp_path, lambda image_shape, classes: net(image_shape, classes))
    executor = types.SimpleNamespace(submit=no_fit)
    with pytest.raises(ValueError, match="functions of build= cannot be sent to worker processes"):
        each.replaced(executor=executor).train([each.student("mine", seed) for seed in (0, 1)])
