"""Run and recipe: every field determines the id, nothing else does; bad values are refused."""

import dataclasses
import hashlib
import json
import math

import numpy as np
import pytest

from common.data.transfer_sets import TransferSet
from common.distillation import LADDER, Distillation
from common.runs import Recipe, Run

TEACHER = "mnist-cnn-0123abcd-seed0@0123456789ab"
SETTINGS = Distillation(4, 0.9)
RUN = Run("mnist", "mlp", Recipe(), teacher=TEACHER, distillation=SETTINGS)
OTHER_RECIPES = {
    "epochs": 11,
    "batch_size": 64,
    "optimizer": "sgd",
    "learning_rate": 2e-3,
    "schedule": "constant",
    "warmup": 0.1,
    "final_lr_fraction": 0.1,
    "milestones": (3,),
    "weight_decay": 1e-4,
    "views": "mnist_jitter",
    "precision": "mixed_bfloat16",
    "augmentation": "affine",
    "views_per_image": 1,
}
OTHER_RUNS = {
    "dataset": "mnist5k",
    "model": "cnn",
    "options": {"width": 100},
    "limit": 100,
    "teacher": TEACHER.replace("seed0", "seed1"),
    "distillation": Distillation(5, 0.9),
    "transfer_set": TransferSet(share=0.1),
    "digest": "0123456789abcdef",
    "architecture": "fedcba9876543210",
}


def test_every_field_is_in_the_tests_below():
    assert set(OTHER_RECIPES) == {field.name for field in dataclasses.fields(Recipe)}
    fields = {field.name for field in dataclasses.fields(Run)}
    assert set(OTHER_RUNS) == fields - {"recipe", "seed", "build"}


@pytest.mark.parametrize("field", OTHER_RECIPES)
def test_every_recipe_field_determines_the_id(field):
    recipe = Recipe(**{field: OTHER_RECIPES[field]})
    assert dataclasses.replace(RUN, recipe=recipe).id != RUN.id


@pytest.mark.parametrize(
    "changes",
    [
        {"temperature": 5},
        {"alpha": 0.8},
        {"method": "dkd"},
        {"method": "dkd", "options": {"beta": 2}},
        {"hard_weight": 1},
        {"soft_weight": 2},
        *({"control": control} for control in LADDER),
    ],
)
def test_every_distillation_setting_determines_the_id(changes):
    other = dataclasses.replace(SETTINGS, **changes)
    assert dataclasses.replace(RUN, distillation=other).id != RUN.id
    assert Distillation.from_configuration(other.configuration) == other


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"temperature": 0}, "temperature must be a finite number above 0, got 0"),
        ({"temperature": math.inf}, "temperature must be a finite number above 0, got inf"),
        ({"temperature": math.nan}, "temperature must be a finite number above 0, got nan"),
        ({"alpha": 1.5}, r"alpha must lie between 0 and 1, got 1.5"),
        ({"alpha": -0.5}, r"alpha must lie between 0 and 1, got -0.5"),
        ({"control": "shufled"}, "unknown control 'shufled': did you mean shuffled"),
        ({"hard_weight": -1}, "hard_weight must be a finite number of at least 0, got -1"),
        ({"soft_weight": math.nan}, "soft_weight must be a finite number of at least 0, got nan"),
        ({"hard_weight": 0, "soft_weight": 0}, "hard_weight and soft_weight are both 0"),
    ],
)
def test_bad_settings(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        dataclasses.replace(SETTINGS, **changes)


@pytest.mark.parametrize("field", OTHER_RUNS)
def test_every_run_field_determines_the_id(field):
    assert dataclasses.replace(RUN, **{field: OTHER_RUNS[field]}).id != RUN.id


def test_seed_determines_the_name_only():
    other = dataclasses.replace(RUN, seed=1)
    assert other.id == RUN.id and other.configuration == RUN.configuration
    assert (RUN.name, other.name) == (f"{RUN.id}-seed0", f"{RUN.id}-seed1")


def test_id_of_earlier_records_is_unchanged():
    """Committed records are found by their id: if it changed, they would not be read."""
    recipe = {"epochs": 10, "batch_size": 128, "optimizer": "adam", "learning_rate": 0.001}
    recipe |= {"schedule": "cosine", "warmup": 0.0, "final": 0.0, "milestones": []}
    recipe |= {"weight_decay": 0.0, "views": "plain", "precision": "float32"}
    configuration = {"dataset": "mnist", "model": "mlp", "recipe": recipe, "options": {}}
    configuration |= {"limit": None, "teacher": None, "temperature": 1.0, "alpha": 0.0}
    configuration |= {"shuffled": False, "format": 1}
    canonical = json.dumps(configuration, sort_keys=True).encode()
    expected = f"mnist-mlp-{hashlib.sha256(canonical).hexdigest()[:8]}"
    assert Run("mnist", "mlp", Recipe()).id == expected


def test_order_of_options_and_type_of_numbers_do_not_matter():
    first = Run("mnist", "mlp", Recipe(), options={"width": 16, "dropout": 0.5})
    assert first.id == Run("mnist", "mlp", Recipe(), options={"dropout": 0.5, "width": 16}).id
    assert RUN.id == dataclasses.replace(RUN, distillation=Distillation(4.0, 0.9)).id
    one = Recipe(epochs=4, batch_size=8, learning_rate=1, weight_decay=0, milestones=[1, 2])
    other = Recipe(epochs=4.0, batch_size=8.0, learning_rate=1.0, milestones=(1, 2))
    assert one == other and repr(one) == repr(other)
    assert Run("mnist", "mlp", one).id == Run("mnist", "mlp", other).id


def test_views_per_image_are_at_most_those_of_the_set():
    assert Recipe(views="crop_flip", views_per_image=162).views_per_image == 162
    for views, count, wrong in (("crop_flip", 162, 163), ("plain", 1, 2), ("mnist_jitter", 25, -1)):
        with pytest.raises(ValueError, match=f"cannot sample {wrong} of the {count} views"):
            Recipe(views=views, views_per_image=wrong)
    for wrong in (2.5, "8", True, None):
        with pytest.raises(ValueError, match="cannot sample"):
            Recipe(views="crop_flip", views_per_image=wrong)


def test_label():
    run = dataclasses.replace(
        RUN, options={"width": 100}, distillation=Distillation(4, 0.9, control="shuffled")
    )
    assert run.label == "mnist-mlp-width100-from-cnn-T4-a0.9-shuffled"
    assert Run("mnist5k", "cnn", Recipe()).label == "mnist5k-cnn"
    other = dataclasses.replace(RUN, teacher="mine@0123456789ab")  # a model that no run trained
    assert other.label == "mnist-mlp-from-mine-T4-a0.9"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(
            (field, value)
            for field in ("epochs", "batch_size")
            for value in (0, -1, 2.5, "3", None)
        ),
        *(("learning_rate", value) for value in (0, -0.1, math.nan, math.inf)),
        *(
            (field, value)
            for field in ("warmup", "final_lr_fraction", "weight_decay")
            for value in (-0.1, 1.1)
        ),
        ("warmup", 1.0),
        *(("milestones", value) for value in ((2, 1), (-1,), (1.5,), "30", 5, (2, 2))),
        *((field, "adan") for field in ("optimizer", "schedule", "precision", "views")),
    ],
)
def test_bad_recipes(field, value):
    kind = "view set" if field == "views" else field
    with pytest.raises(ValueError, match=kind):
        Recipe(**{field: value})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"distillation": Distillation(4, 0)}, "exactly if the loss learns"),
        ({"distillation": None}, "exactly if the loss learns"),
        ({"teacher": None}, "exactly if the loss learns"),
        ({"seed": -1}, "seed"),
        ({"seed": 1.5}, "seed"),
    ],
)
def test_bad_runs(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        dataclasses.replace(RUN, **changes)


def test_numpy_integers():
    run = Run("mnist", "mlp", Recipe(epochs=np.int64(3)), np.int64(2), {"width": np.int64(8)})
    assert run.name == Run("mnist", "mlp", Recipe(epochs=3), 2, {"width": 8}).name


def test_numbers_of_numpy_are_settings_of_methods():
    settings = Distillation(4, 0.9, "dkd", options={"beta": np.int64(8)})
    assert settings == Distillation(4, 0.9, "dkd", options={"beta": 8.0})
    assert json.dumps(settings.configuration)


def test_weights_are_completed_from_alpha_or_by_one():
    assert Distillation(4, 0.9).weights == (1 - 0.9, 0.9)
    assert Distillation(4, 0.9, soft_weight=2).weights == (0.1, 2)
    assert Distillation(4, 0.9, soft_weight=2) == Distillation(4, hard_weight=0.1, soft_weight=2)
    assert Distillation(4, soft_weight=2).weights == (1, 2)
    assert Distillation(4, hard_weight=0).weights == (0, 1)


def test_settings_of_old_records_have_no_new_keys():
    keys = {"temperature", "alpha", "shuffled"}
    assert Distillation(4, 0.9, control="shuffled").configuration.keys() == keys
    weighted = Distillation(4, soft_weight=2, method="dkd", options={"beta": 2})
    assert weighted.label == "dkd-T4-h1-s2-beta2" and not weighted.is_plain
    assert hash(weighted) == hash(Distillation(4.0, soft_weight=2.0, method="dkd"))


def test_label_smoothing_needs_no_teacher():
    smoothing = Distillation(1, hard_weight=0, method="label_smoothing", options={"epsilon": 0.2})
    run = dataclasses.replace(RUN, teacher=None, distillation=smoothing)
    assert "-label_smoothing-T1-h0-s1-epsilon0.2" in run.label
    assert Run.from_configuration(run.configuration, run.seed) == run
    with pytest.raises(ValueError, match=r"label_smoothing of weight 1 with teacher .*: pass"):
        dataclasses.replace(run, teacher="cnn@1")
