"""CIFAR-100's studies: recipes as published, tables, and every path on a few steps."""

import dataclasses

import numpy as np
import pytest

from cifar100 import (
    device,
    forty_epochs,
    four_epochs,
    full,
    methods,
    one_cycle,
    recipes,
    repdistiller,
    tables,
    twenty_epochs,
)
from common import cli, models, results
from common.experiments.spec import StudySpec
from common.experiments.study import Study
from common.runs import ModelSpec, Recipe, records


def test_names_and_titles_are_of_one_study_each():
    studies = (
        four_epochs,
        twenty_epochs,
        forty_epochs,
        full,
        repdistiller,
        one_cycle,
        device,
        methods,
    )
    for kind in ("TEACHERS", "STUDENTS"):
        every = [name for study in studies for name in getattr(study, kind)]
        every += one_cycle.CANDIDATES if kind == "TEACHERS" else []
        assert len(every) == len(set(every))
        assert set(every) == set(getattr(recipes, kind))
    nets = [*recipes.TEACHERS.values(), *recipes.STUDENTS.values()]
    assert {net.model for net in nets} <= set(models.NAMES)
    for study in studies:  # titles name what a study differs in
        titles = [net.title for net in (study.TEACHERS | study.STUDENTS).values()]
        assert len(titles) == len(set(titles))


def test_the_fields_pairs_share_one_recipe():
    for pair in repdistiller.PAIRS:
        student, teacher = recipes.STUDENTS[pair.student], recipes.TEACHERS[pair.teacher]
        for net in (student, teacher):
            assert (net.recipe.epochs, net.recipe.batch_size) == (240, 64)
            assert net.recipe.milestones == (150, 180, 210)
            assert net.recipe.learning_rate == (0.01 if net.model == "shuffle_v2" else 0.05)
        assert pair.alone < pair.distilled <= pair.aim + 0.1


def descend(recipe, soft, hard, steps=20):
    """Momentum SGD on soft · s(x) + hard · h(x) + weight decay, two quadratics, by hand."""
    x, velocity = np.array([3.0, -2.0]), np.zeros(2)
    for _ in range(steps):
        gradient = soft * (x - [1, 2]) * [0.3, 0.1] + hard * (x - [-2, -1]) * [0.2, 0.4]
        gradient += recipe.weight_decay * x
        velocity = 0.9 * velocity - recipe.learning_rate * gradient
        x = x + velocity
    return x


def test_the_heavy_weight_takes_the_steps_of_nine_to_a_tenth():
    plain, heavy = (
        recipes.STUDENTS["resnet8x4"].recipe,
        recipes.STUDENTS[repdistiller.SOFT_WEIGHT_9].recipe,
    )
    assert heavy.optimizer == plain.optimizer == "momentum"
    expected = descend(plain, 9.0, 0.1)
    ours = descend(heavy, repdistiller.SOFT_WEIGHT_9_ALPHA, 1 - repdistiller.SOFT_WEIGHT_9_ALPHA)
    np.testing.assert_allclose(ours, expected, rtol=1e-9)
    assert not np.allclose(descend(plain, 0.9, 0.1), expected, rtol=1e-2)


@pytest.fixture
def small_field(monkeypatch, tmp_path):
    """The field's study with one pair, the tuned one, of tiny nets trained for one epoch."""
    recipe = Recipe(epochs=1, batch_size=50, optimizer="momentum", learning_rate=1e-3)
    teacher, student = (
        ModelSpec("mlp", recipe, title, {"width": width})
        for title, width in (("ResNet32x4", 8), ("ResNet8x4", 4))
    )
    heavy = dataclasses.replace(
        student, recipe=dataclasses.replace(recipe, learning_rate=2e-3), title="heavy"
    )
    monkeypatch.setattr(repdistiller, "PAIRS", (repdistiller.TUNED_PAIR,))
    monkeypatch.setattr(recipes, "TEACHERS", {"resnet32x4": teacher})
    monkeypatch.setattr(
        recipes, "STUDENTS", {"resnet8x4": student, repdistiller.SOFT_WEIGHT_9: heavy}
    )
    monkeypatch.setattr(
        recipes,
        "STUDY",
        StudySpec(tmp_path, recipes.TEACHERS, recipes.STUDENTS),
    )
    return tmp_path


@pytest.mark.usefixtures("eager")
@pytest.mark.slow
def test_the_field_learns_from_all_images_and_chooses_on_held_out_ones(small_field, cifar):
    repdistiller.reproduce(Study(recipes.STUDY, cifar))
    found = results.group_seeds(records.load_all(small_field))
    chosen_from = results.select(found, dataset="cifar100", model="mlp", teacher="mlp")
    whole = results.select(found, dataset="cifar100_all")
    assert len(chosen_from) == 5  # two temperatures at the plain weight, three at the heavy one
    assert [record["images"]["train"] for record in whole[0].seeds.values()] == [200]
    tuned = tables._tuned(results.Results(whole))
    best = min(chosen_from, key=lambda group: group.values("errors", "validation").mean())
    for key in ("temperature", "alpha"):
        assert tuned.configuration[key] == best.configuration[key]
    header, _, plain_row, tuned_row = tables.of_repdistiller(whole).splitlines()
    assert header.startswith("| cifar100_all, 200 train, 100 test images |")
    assert plain_row.startswith("| ResNet32x4 → ResNet8x4 | 79.42 |")
    assert "| 72.50 |" in plain_row and "| 73.33 |" in plain_row
    assert "temperature and weight by validation" in tuned_row
    assert "not run yet" not in plain_row + tuned_row
    ours = results.mean_sd(tuned.values("accuracy"), 2, 100)
    assert tuned_row.split(" | ")[6] == ours


def test_the_field_table_prints_what_is_published_before_anything_ran():
    lines = tables.of_repdistiller([]).splitlines()[2:]
    assert len(lines) == len(repdistiller.PAIRS) + 1
    for line, (teacher, printed) in zip(
        [lines[0], lines[1], lines[2], lines[3], lines[5], lines[6]],
        [(p.teacher_alone, p.distilled) for p in repdistiller.PAIRS],
        strict=True,
    ):
        assert f"| {teacher:.2f} | not run yet |" in line and f"| {printed:.2f} |" in line


def test_parts_on_the_command_line(monkeypatch, capsys):
    with pytest.raises(SystemExit, match="unknown step 'four_epoch': did you mean four_epochs"):
        cli.main("cifar100", ["reproduce", "four_epoch"])
    cli.main("cifar100", ["table"])
    printed = capsys.readouterr().out
    assert "ResNet56 → ResNet20" in printed and "teacher: ShuffleNet" in printed


@pytest.fixture
def small_nets(monkeypatch):
    """The small studies with nets of a few weights, which TensorFlow traces quickly."""
    widths = {"vgg8_12": 4, "cnn_4": 5, "resnet8_4": 6, "cnn_20": 7}
    for nets in (four_epochs.TEACHERS, four_epochs.STUDENTS, twenty_epochs.STUDENTS):
        kind = "TEACHERS" if nets is four_epochs.TEACHERS else "STUDENTS"
        for name, net in nets.items():
            small = dataclasses.replace(net, model="mlp", options={"width": widths[name]})
            monkeypatch.setitem(nets, name, small)
            monkeypatch.setitem(getattr(recipes, kind), name, small)


@pytest.fixture
def small_full(monkeypatch):
    """The full study with one teacher and one student of a few weights."""
    for kind, name, width in (("TEACHERS", "vgg16", 5), ("STUDENTS", "cnn", 4)):
        net = getattr(full, kind)[name]
        small = dataclasses.replace(net, model="mlp", options={"width": width})
        monkeypatch.setattr(full, kind, {name: small})
        monkeypatch.setitem(getattr(recipes, kind), name, small)


@pytest.mark.usefixtures("eager")
@pytest.mark.slow
def test_the_full_study_from_end_to_end(small_full, cifar_dir, tmp_path, capsys):
    where = ["--limit", "130", "--epochs", "1", "--seeds", "0", "--data-dir", str(cifar_dir)]
    cli.main("cifar100", ["reproduce", "full", *where, "--output-dir", str(tmp_path)])
    found = results.group_seeds(records.load_all(tmp_path))
    taught = [group for group in found if group.teacher]
    assert len(taught) == len(full.TEMPERATURES) + 2  # the other alpha, the control
    (control,) = [group.configuration for group in taught if group.configuration["shuffled"]]
    own = {key: control[key] for key in ("temperature", "alpha")} | {"shuffled": False}
    errors = [g.values("errors", "validation") for g in taught if not g.configuration["shuffled"]]
    (chosen,) = [g for g in taught if g.matches(own)]
    assert chosen.values("errors", "validation") == min(errors)
    *_, row = tables.of_full(found).splitlines()
    assert row.startswith("| 3-layer CNN |") and "not run yet" not in row and " → " in row
    header, _, *measured = tables.TABLES["measures"](found).splitlines()
    assert header.startswith("| 200 epochs on cifar100, ") and "| top-5 % |" in header
    assert len(measured) == len(found)


@pytest.mark.usefixtures("eager")
@pytest.mark.slow
def test_small_studies_from_end_to_end(small_nets, cifar_dir, tmp_path, capsys):
    where = ["--limit", "130", "--epochs", "1", "--data-dir", str(cifar_dir)]
    where += ["--output-dir", str(tmp_path), "--seeds", "0"]
    cli.main("cifar100", ["reproduce", "four_epochs", "twenty_epochs", *where])
    printed = capsys.readouterr().out
    assert "| mlp width 4 | baseline |" in printed
    assert "| mlp width 6 | mlp (shuffled) | 4 |" in printed
    assert "| 20 epochs on cifar100, " in printed and "| mlp width 7 | mlp | 4 |" in printed
    found = results.group_seeds(records.load_all(tmp_path))
    assert len(found) == 1 + 3 + 3 + 2 + 3  # teacher, two trios, two more temperatures, a trio
    kept = {path.parent.name for path in (tmp_path / "teachers").glob("*/header.json")}
    assert sorted(name.rpartition("-")[2] for name in kept) == ["8", "seed0"]
