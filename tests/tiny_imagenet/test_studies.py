"""Tiny ImageNet's studies: who teaches whom, tables, the quick study on a few steps."""

import dataclasses
import functools
import types

import numpy as np
import pytest

from common import cli, models, results, runs
from common.data import sources
from common.data.tiny_imagenet import TinyImageNetArchive
from common.distillation import Distillation
from common.runs import Recipe, records
from tests.support import tiny_archives
from tests.support.tiny_archives import SMALL
from tiny_imagenet import recipes, tables
from tiny_imagenet.twenty_classes import recipes as quick
from tiny_imagenet.twenty_classes import tables as quick_tables

NETS = recipes.TEACHERS | recipes.STUDENTS


def run(name, seed=0, **changes):
    net = NETS[name]
    given = {"recipe": net.recipe, "seed": seed, "options": net.options} | changes
    return runs.Run("tiny_imagenet", net.model, **given)


def record(own, errors, validation_errors=100):
    """A record of `own` that misses the first `errors` of 200 test images."""
    measures = {"errors": errors, "accuracy": 1 - errors / 200, "wrong": list(range(errors))}
    return {
        "run": own.id,
        "seed": own.seed,
        "configuration": own.configuration,
        "images": {"train": 500, "validation": 200, "test": 200},
        "validation": {"errors": validation_errors},
        "test": measures,
    }


def taught(student, teacher, seed, temperature=4, **more):
    identity = f"{run(teacher).id}-seed0@0123456789ab"
    return run(student, seed, teacher=identity, distillation=Distillation(temperature, 0.9, **more))


def rows(table):
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]


def test_every_net_is_known_and_no_two_runs_are_the_same():
    assert {net.model for net in NETS.values()} <= set(models.NAMES)
    assert len({run(name).id for name in NETS}) == len(NETS)
    titles = [net.title for net in NETS.values()]
    assert len(set(titles)) == len(titles)
    for teacher, student in recipes.PAIRS:
        assert teacher == "chosen" or teacher in recipes.TEACHERS
        assert student in recipes.STUDENTS


def test_shufflenets_train_forty_epochs_of_batches_of_200():
    for name in ("shufflenet", *recipes.CANDIDATES):
        recipe = recipes.TEACHERS[name].recipe
        assert (recipe.epochs, recipe.batch_size, recipe.views) == (40, 200, "crop_flip_64")
        assert recipes.TEACHERS[name].model == "shufflenet_tiny"


def test_a_candidate_is_chosen_on_validation():
    errors = dict(zip(recipes.CANDIDATES, (50, 40, 60), strict=True))
    study = types.SimpleNamespace(
        seeds=[7],
        teacher=lambda name, seed: (name, seed),
        train=lambda asked: [
            {"validation": {"errors": errors[name]}, "test": {"errors": -errors[name]}}
            for name, seed in asked
            if seed == 7
        ],
    )
    assert recipes.choose(study) == recipes.CANDIDATES[1]


def test_tables_before_anything_ran_print_what_is_published():
    teachers, pairs = rows(tables.teachers([])), rows(tables.pairs([]))
    assert len(teachers) == len(recipes.TEACHERS) and len(pairs) == 2 * len(recipes.PAIRS)
    assert teachers[0][:3] == ["ShuffleNet ×0.75, close to its own recipe", "48.90", "not run yet"]
    assert ["VGG8 distilled from VGG13", "57.33", "not run yet"] in [row[:3] for row in pairs]


def test_tables_find_the_runs_of_each_row():
    found = [record(run("shufflenet", seed), 100 + seed) for seed in range(3)]
    found += [record(run("vgg8", seed), 90 + seed) for seed in range(3)]
    found += [record(taught("vgg8", "vgg13", seed), 80) for seed in range(3)]
    found += [record(taught("vgg8", "vgg13", seed, control="shuffled"), 1, 1) for seed in range(3)]
    found += [record(run("cnn"), 120), record(taught("cnn", "shufflenet_light", 0), 60)]
    found = results.group_seeds(found)
    assert rows(tables.teachers(found))[0][2:4] == ["49.50 ± 0.50", "101.0 ± 1.0"]
    pairs = {row[0]: row for row in rows(tables.pairs(found))}
    assert pairs["VGG8 distilled from VGG13"][2:5] == ["60.00 ± 0.00", "80.0 ± 0.0", "12.1 %"]
    light = pairs["3-layer CNN distilled from ShuffleNet ×0.75, cosine, dropout 0.1"]
    assert light[2:5] == ["70.00", "60.0", "50.0 %"]


@pytest.fixture
def small_nets(tmp_path, monkeypatch):
    """The data folder of a small archive; the quick study's nets are cut to one short epoch."""
    monkeypatch.setattr(
        sources, "TinyImageNetArchive", functools.partial(TinyImageNetArchive, layout=SMALL)
    )
    for module in (quick, quick_tables):
        monkeypatch.setattr(module, "FOLDER", tmp_path / "own")
    small = dataclasses.replace(quick.STUDY, folder=tmp_path / "own", temperatures=(1, 4))
    monkeypatch.setattr(quick, "STUDY", small)
    tiny_archives.write(tmp_path / "downloads" / "manual", tiny_archives.members())
    for nets in (quick.TEACHERS, quick.STUDENTS):
        for name, net in nets.items():
            recipe = Recipe(batch_size=18, views="crop_flip_64", epochs=1)
            if net.recipe.views_per_image:
                recipe = Recipe(batch_size=18, views="crop_flip_64", epochs=1, views_per_image=2)
            changed = runs.ModelSpec("mlp", recipe, net.title, {"width": 4 + len(name)})
            monkeypatch.setitem(nets, name, changed)
    return tmp_path


@pytest.mark.usefixtures("eager")
@pytest.mark.slow
def test_the_quick_study_from_end_to_end(small_nets, capsys):
    cli.main("tiny_imagenet20", ["reproduce", "--seeds", "0", "--data-dir", str(small_nets)])
    assert "| tiny_imagenet20, 9 test images |" in capsys.readouterr().out
    found = results.group_seeds(records.load_all(quick.FOLDER))
    labels = {
        (g.teacher, g.configuration["temperature"], g.configuration["shuffled"]) for g in found
    }
    teachers = len(quick.TEACHERS)  # each teaches at two temperatures and has a control
    assert len(found) == teachers + 1 + 3 * teachers
    assert {("mlp", 1.0, False), ("mlp", 4.0, False)} < labels
    assert len(quick_tables.TABLES["students"](found).splitlines()) == 2 + len(found)
    folders = list((quick.FOLDER / "teachers").iterdir())
    assert len(folders) == teachers
    for logits in folders:
        assert logits.name.endswith("-crop_flip_64-2")
        assert np.load(logits / "train.npy").shape == (54, 2, 3)
