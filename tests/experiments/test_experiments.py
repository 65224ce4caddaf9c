"""Protocols: which runs each of them trains, in a dry run."""

import dataclasses

import pytest

from common import experiments
from common.cli.dry_run import DryRun
from common.distillation import LADDER, Distillation
from common.experiments import methods
from common.experiments.spec import StudySpec
from common.experiments.study import Study
from common.runs import ModelSpec, Recipe

RECIPE = Recipe(epochs=1, batch_size=50)
SETTINGS = Distillation(4, 0.9)


@pytest.fixture
def study(few, tmp_path):
    def specs(**widths):
        return {
            name: ModelSpec("mlp", RECIPE, name, {"width": width}) for name, width in widths.items()
        }

    spec = StudySpec(tmp_path, specs(large=9, larger=10), specs(small=3, smaller=2), seeds=(0, 5))
    notes = DryRun()
    study = notes.study(Study(spec, few))
    study.notes = notes
    return study


def settings(group):
    """(width, teacher, temperature, alpha, shuffled) of a group."""
    config = group.configuration
    larger = config["teacher"] and "width10" in config["teacher"]
    teacher = {None: None, False: "large", True: "larger"}[larger]
    objective = (config["temperature"], config["alpha"], config["shuffled"])
    return config["options"]["width"], teacher, *objective


def test_students_by_teachers(study):
    groups = experiments.train_pairs(study, ["small", "smaller"], ["large", "larger"], SETTINGS)
    expected = {(width, None, 1, 0, False) for width in (3, 2)}
    expected |= {(w, name, 4, 0.9, False) for w in (3, 2) for name in ("large", "larger")}
    assert {settings(group) for group in groups} == expected and len(groups) == len(expected)
    assert all(set(group.seeds) == {0, 5} for group in groups)


@pytest.mark.usefixtures("eager")
def test_students_of_one_teacher_in_different_views(study):
    jittered = dataclasses.replace(RECIPE, views="mnist_jitter", views_per_image=2)
    study.spec.students["jittered"] = ModelSpec("mlp", jittered, "jittered", {"width": 3})
    real = Study(study.spec, study.dataset, seeds=[0])
    for one in (study, real):
        groups = experiments.train_pairs(one, ["small", "jittered"], ["large"], SETTINGS)
        view_sets = [group.configuration["recipe"]["views"] for group in groups]
        assert view_sets == ["plain", "plain", "mnist_jitter", "mnist_jitter"]


def test_every_teacher_seed_is_paired_with_every_student_seed(study):
    groups = experiments.train_pairs(study, ["small"], ["large"], SETTINGS, teacher_seeds=[0, 1, 3])
    trained = {group.teacher_run[1]: set(group.seeds) for group in groups if group.teacher}
    assert trained == {seed: {0, 5} for seed in (0, 1, 3)}


def test_runs_of_one_recipe_and_seed_train_side_by_side(study):
    experiments.train_pairs(study, ["small", "smaller"], ["large", "larger"], SETTINGS)
    sizes = [len(training.members) for training in study.notes.trainings]
    assert sizes == [1, 1, 6, 6]  # two teachers; two baselines and four distilled students per seed


def test_grid_of_temperatures_and_alphas(study):
    groups = experiments.grid(study.replaced(seeds=[1]), "small", "large", [1, 8], [0.5, 1])
    cells = {(3, "large", t, alpha, False) for t in (1, 8) for alpha in (0.5, 1)}
    assert {settings(group) for group in groups} == cells | {(3, None, 1, 0, False)}


def test_alphas_and_the_control_are_tried_at_the_best_temperature(study):
    errors = {(1, 0.9): 9, (4, 0.9): 5, (8, 0.9): 7, (4, 0.5): 6}

    def run(runs, *arguments, **options):
        made = study.run(runs, *arguments, **options)
        for one, record in zip(runs, made, strict=True):
            key = (one.settings.temperature, one.settings.alpha)
            record["validation"]["errors"] = errors.get(key, 50)
        return made

    groups = experiments.tune(study.replaced(run=run), "small", "large", [1, 4, 8], [0.9, 0.5])
    sweep = [(3, "large", t, 0.9, False) for t in (1, 4, 8)]
    rest = [(3, "large", 4, 0.5, False), (3, "large", 4, 0.9, True)]
    assert [settings(group) for group in groups[1:]] == sweep + rest


def test_controls_by_name_or_true(study):
    study = study.replaced(seeds=[1])

    def controls(control):
        groups = experiments.distill(study, "small", "large", [4, 8], 0.9, control=control)
        return [(g.distillation.temperature, g.distillation.control) for g in groups[1:]]

    distilled = [(4, None), (8, None)]
    assert controls(False) == distilled
    assert controls(True) == controls("shuffled") == [*distilled, (4, "shuffled")]
    assert controls(["smoothing", "permuted"]) == [*distilled, (4, "smoothing"), (4, "permuted")]
    with pytest.raises(ValueError, match="unknown control 'permute': did you mean permuted"):
        controls("permute")


def test_a_method_and_its_weights(study):
    options = {"method": "dkd", "soft_weight": 2, "options": {"beta": 6}}
    groups = experiments.distill(study, "small", "large", [4], control="permuted", **options)
    distillation = Distillation(4, **options)
    assert [group.distillation for group in groups] == [
        None,
        distillation,
        dataclasses.replace(distillation, control="permuted"),
    ]


def test_unknown_methods_are_refused_before_the_teacher_is_trained(study):
    with pytest.raises(ValueError, match="unknown method 'dk'"):
        experiments.distill(study, "small", "large", [4], 0.9, method="dk")
    assert not study.notes.trainings


def test_every_method_trains_the_same_number_of_runs(study):
    """Nine settings with two seeds each, then one or two with the study's; a baseline."""
    groups = experiments.compare_methods(study, "small", "large", selection_seeds=[7, 8])
    by_title = {}
    for group in groups[1:]:
        own = group.teacher is not None and "width3" in group.configuration["teacher"]
        key = "self" if own else group.distillation.method
        by_title.setdefault(key, []).append(group)
    assert by_title.keys() == experiments.GRIDS.keys()
    for name, candidates in by_title.items():
        assert len(candidates) == 9 and all({7, 8} <= set(group.seeds) for group in candidates)
        tested = [group for group in candidates if {0, 5} <= set(group.seeds)]
        published = experiments.GRIDS[name].published
        assert published in [group.distillation for group in tested] and len(tested) <= 2
    assert set(groups[0].seeds) == {0, 5} and groups[0].distillation is None
    (own,) = {g.configuration["teacher"] for g in by_title["self"]}
    assert own.partition("@")[0].endswith("-seed10")


def test_the_self_teacher_is_no_seed_of_the_baseline(study, tmp_path):
    """Its record is in a folder of its own, from which it is read the next time."""
    real = Study(study.spec, study.dataset, seeds=[0])
    made = methods.self_teacher_logits(real, "small").load()
    assert not (tmp_path / "results").exists()
    assert len([*(tmp_path / methods.SELF_TEACHER_FOLDER / "results").glob("*.json")]) == 1
    assert methods.self_teacher_logits(real, "small").identity == made.identity


def test_seeds_that_choose_do_not_test(study):
    with pytest.raises(ValueError, match=r"seeds \[5\] choose the settings"):
        experiments.compare_methods(study, "small", "large", selection_seeds=[5, 6])


def test_ladder_has_every_rung_at_the_same_settings(study):
    groups = experiments.ladder(study, "small", "large", SETTINGS)
    controls = [g.distillation.control for g in groups[1:]]
    assert controls == [None, *LADDER]
    assert all(dataclasses.replace(g.distillation, control=None) == SETTINGS for g in groups[1:])
