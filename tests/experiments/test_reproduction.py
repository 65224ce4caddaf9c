"""Students of a published table, trained again from committed logits and compared."""

import dataclasses
import json
import shutil

import pytest

from common import experiments
from common.cli.dry_run import DryRun
from common.experiments.reproduction import PublishedTable, reproduce_students
from common.experiments.spec import StudySpec
from common.experiments.study import Study
from common.results import reproduction
from common.runs import ModelSpec, Recipe, records

TABLE = PublishedTable("mnist", "tinier", ("tiny",), {"student": 97.0, "from tiny": 98.1})
RECIPE = Recipe(epochs=1, batch_size=50)


@pytest.fixture(scope="module")
def dataset(few):
    """`few` as a full data set."""
    return dataclasses.replace(few, limit=None)


@pytest.fixture(scope="module")
def spec(dataset, tmp_path_factory):
    """A study whose teacher, logits and students are committed."""
    spec = StudySpec(
        folder=tmp_path_factory.mktemp("committed") / "mnist",
        teachers={"tiny": ModelSpec("mlp", RECIPE, "tiny", {"width": 8})},
        students={"tinier": ModelSpec("mlp", RECIPE, "tinier", {"width": 4})},
        seeds=(0, 1),
        temperatures=(1, 4),
        alphas=(0.9,),
    )
    experiments.tune(Study(spec, dataset), "tinier", "tiny")
    return spec


def reproduce(spec, dataset, folder):
    study = Study(spec, dataset, output_dir=folder, retrain="students")
    return reproduce_students(study, TABLE)


@pytest.mark.usefixtures("eager")
def test_the_table_is_trained_again_from_the_committed_logits(spec, dataset, tmp_path):
    rows = reproduce(spec, dataset, tmp_path)
    labels = ["teacher: tiny", "baseline: tinier", "student distilled from tiny"]
    assert [row.label for row in rows] == [*labels, f"{labels[-1]}, shuffled (control)"]
    assert [row.published for row in rows] == [None, 97.0, 98.1, None]
    control = experiments.tune(Study(spec, dataset), "tinier", "tiny")[-1].distillation
    settings = [row.reproduced.distillation for row in rows[1:]]
    assert settings == [None, dataclasses.replace(control, control=None), control]
    for row in rows[1:]:
        assert row.agrees() and row.committed is not row.reproduced
        for seed, record in row.committed.seeds.items():
            assert record["weights_sha256"] == row.reproduced.seeds[seed]["weights_sha256"]
    assert rows[0].reason() == "not trained again"
    assert len(records.load_all(tmp_path)) == 6 and not (tmp_path / "teachers").exists()


def test_settings_are_those_with_the_fewest_validation_errors(spec, dataset, tmp_path):
    folder = shutil.copytree(spec.folder, tmp_path / "mnist")
    for path in folder.glob("results/*-T4-*.json"):
        record = json.loads(path.read_text())
        record["validation"]["errors"] = 1
        path.write_text(json.dumps(record))
    options = {"output_dir": tmp_path / "out", "retrain": "students"}
    study = DryRun().study(Study(dataclasses.replace(spec, folder=folder), dataset, **options))
    rows = reproduce_students(study, TABLE)
    assert [row.reproduced.distillation.temperature for row in rows[2:]] == [4, 4]


@pytest.mark.usefixtures("eager")
def test_a_changed_recipe_cannot_be_compared(spec, dataset, tmp_path):
    student = spec.students["tinier"]
    recipe = dataclasses.replace(RECIPE, learning_rate=0.01)
    changed = {"tinier": dataclasses.replace(student, recipe=recipe)}
    rows = reproduce(dataclasses.replace(spec, students=changed), dataset, tmp_path)
    reasons = {row.reason() for row in rows[1:]}
    assert reasons == {"recipe changed: learning_rate 0.01, committed 0.001"}
    assert not reproduction.disagreements(rows)


@pytest.mark.usefixtures("eager")
def test_other_data_cannot_be_compared(spec, dataset, tmp_path):
    rows = reproduce(spec, dataclasses.replace(dataset, name="mnist5k"), tmp_path)
    assert {row.reason() for row in rows[1:]} == {"trained on mnist5k, committed: mnist"}
    assert reproduction.verdict(rows) == "No row can be compared with a committed one."


def test_missing_logits_and_students_are_named(spec, dataset, tmp_path):
    folder = shutil.copytree(spec.folder, tmp_path / "mnist")
    copied = dataclasses.replace(spec, folder=folder)
    shutil.rmtree(folder / "teachers")
    sentence = (
        r"teachers/.*-seed0/header.json are missing: `git .*python -m mnist teacher tiny --ret"
    )
    with pytest.raises(FileNotFoundError, match=sentence):
        reproduce(copied, dataset, tmp_path / "out")
    shutil.copytree(spec.folder / "teachers", folder / "teachers")
    for path in folder.glob("results/*-from-*"):
        path.unlink()
    with pytest.raises(ValueError, match="no committed run of tinier distilled from tiny"):
        reproduce(copied, dataset, tmp_path / "out")


def test_teachers_are_read_where_students_are_trained_again(spec, dataset, tmp_path):
    study = Study(spec, dataset, output_dir=tmp_path, retrain="students")
    (group,) = experiments.train_teacher(study, "tiny", seeds=[0])
    assert records.load_all(tmp_path) == [] and group.seeds[0]["seed"] == 0
    study.train([study.student("tinier")])
    assert len(records.load_all(tmp_path)) == 1
    with pytest.raises(ValueError, match="unknown retrain 'student': did you mean students"):
        Study(spec, dataset, output_dir=tmp_path, retrain="student")
