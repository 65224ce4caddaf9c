"""Which runs the experiments ask for: seen in a rehearsal, where nothing is trained."""

import dataclasses
import types

import pytest

from common import experiments
from common.cli.dry_run import DryRun
from common.experiments.study import Study
from common.runs import ModelSpec, Recipe

RECIPE = Recipe(epochs=1, batch_size=50)


@pytest.fixture
def study(few, tmp_path):
    def nets(**widths):
        return {
            name: ModelSpec("mlp", RECIPE, name, {"width": width}) for name, width in widths.items()
        }

    recipes = types.SimpleNamespace(
        TEACHERS=nets(large=9, larger=10), STUDENTS=nets(small=3, smaller=2), FOLDER=tmp_path
    )
    return DryRun(Study(recipes, few))


def settings(group):
    own = group.configuration
    taught = own["teacher"] and "width10" in own["teacher"]
    teacher = {None: None, False: "large", True: "larger"}[taught]
    return own["options"]["width"], teacher, own["temperature"], own["alpha"], own["shuffled"]


def test_students_by_teachers(study):
    found = experiments.train_pairs(
        study, ["small", "smaller"], ["large", "larger"], [0, 5], 4, 0.9
    )
    expected = {(width, None, 1, 0, False) for width in (3, 2)}
    expected |= {(w, name, 4, 0.9, False) for w in (3, 2) for name in ("large", "larger")}
    assert {settings(group) for group in found} == expected and len(found) == len(expected)
    assert all(set(group.seeds) == {0, 5} for group in found)


def test_students_of_one_teacher_in_different_views(study):
    shaken = dataclasses.replace(RECIPE, views="mnist_jitter", sampled_views=2)
    study.recipes.STUDENTS["shaken"] = ModelSpec("mlp", shaken, "shaken", {"width": 3})
    real = Study(study.recipes, study.dataset)
    for one in (study, real):
        found = experiments.train_pairs(one, ["small", "shaken"], ["large"], [0], 4, 0.9)
        seen = [group.configuration["recipe"]["views"] for group in found]
        assert seen == ["plain", "plain", "mnist_jitter", "mnist_jitter"]


def test_every_training_of_a_teacher_teaches_every_seed(study):
    found = experiments.train_pairs(
        study, ["small"], ["large"], [0, 5], 4, 0.9, trainings=[0, 1, 3]
    )
    trained = {group.training[1]: set(group.seeds) for group in found if group.teacher}
    assert trained == {seed: {0, 5} for seed in (0, 1, 3)}


def test_all_of_one_recipe_and_seed_train_side_by_side(study):
    experiments.train_pairs(study, ["small", "smaller"], ["large", "larger"], [0, 5], 4, 0.9)
    sizes = [len(members) for members, _ in study.trainings]
    assert sizes == [1, 1, 6, 6]  # the teachers; two baselines and four distilled, a seed each


def test_grid_of_temperatures_and_alphas(study):
    found = experiments.grid(study, study.logits("large"), "small", [1], [1, 8], [0.5, 1])
    cells = {(3, "large", t, alpha, False) for t in (1, 8) for alpha in (0.5, 1)}
    assert {settings(group) for group in found} == cells | {(3, None, 1, 0, False)}
