"""Which runs the experiments ask for: seen in a rehearsal, where nothing is trained."""

import dataclasses

import pytest

from common import experiments
from common.cli.dry_run import DryRun
from common.distillation import Distillation
from common.experiments.spec import StudySpec
from common.experiments.study import Study
from common.runs import ModelSpec, Recipe

RECIPE = Recipe(epochs=1, batch_size=50)
SETTINGS = Distillation(4, 0.9)


@pytest.fixture
def study(few, tmp_path):
    def nets(**widths):
        return {
            name: ModelSpec("mlp", RECIPE, name, {"width": width}) for name, width in widths.items()
        }

    spec = StudySpec(tmp_path, nets(large=9, larger=10), nets(small=3, smaller=2), seeds=(0, 5))
    notes = DryRun()
    study = notes.study(Study(spec, few))
    study.notes = notes
    return study


def settings(group):
    own = group.configuration
    taught = own["teacher"] and "width10" in own["teacher"]
    teacher = {None: None, False: "large", True: "larger"}[taught]
    return own["options"]["width"], teacher, own["temperature"], own["alpha"], own["shuffled"]


def test_students_by_teachers(study):
    found = experiments.train_pairs(study, ["small", "smaller"], ["large", "larger"], SETTINGS)
    expected = {(width, None, 1, 0, False) for width in (3, 2)}
    expected |= {(w, name, 4, 0.9, False) for w in (3, 2) for name in ("large", "larger")}
    assert {settings(group) for group in found} == expected and len(found) == len(expected)
    assert all(set(group.seeds) == {0, 5} for group in found)


def test_students_of_one_teacher_in_different_views(study):
    shaken = dataclasses.replace(RECIPE, views="mnist_jitter", views_per_image=2)
    study.spec.students["shaken"] = ModelSpec("mlp", shaken, "shaken", {"width": 3})
    real = Study(study.spec, study.dataset, seeds=[0])
    for one in (study, real):
        found = experiments.train_pairs(one, ["small", "shaken"], ["large"], SETTINGS)
        seen = [group.configuration["recipe"]["views"] for group in found]
        assert seen == ["plain", "plain", "mnist_jitter", "mnist_jitter"]


def test_every_training_of_a_teacher_teaches_every_seed(study):
    found = experiments.train_pairs(study, ["small"], ["large"], SETTINGS, teacher_seeds=[0, 1, 3])
    trained = {group.training[1]: set(group.seeds) for group in found if group.teacher}
    assert trained == {seed: {0, 5} for seed in (0, 1, 3)}


def test_all_of_one_recipe_and_seed_train_side_by_side(study):
    experiments.train_pairs(study, ["small", "smaller"], ["large", "larger"], SETTINGS)
    sizes = [len(members) for members, _ in study.notes.trainings]
    assert sizes == [1, 1, 6, 6]  # the teachers; two baselines and four distilled, a seed each


def test_grid_of_temperatures_and_alphas(study):
    found = experiments.grid(study.replaced(seeds=[1]), "small", "large", [1, 8], [0.5, 1])
    cells = {(3, "large", t, alpha, False) for t in (1, 8) for alpha in (0.5, 1)}
    assert {settings(group) for group in found} == cells | {(3, None, 1, 0, False)}
