"""Study and its logits store: committed runs and logits are read, missing ones made."""

import dataclasses
import json
import shutil

import keras
import numpy as np
import pytest

from common import experiments, results, teachers
from common.data.transfer_sets import TransferSet
from common.distillation import Distillation
from common.experiments.spec import StudySpec
from common.experiments.study import Study
from common.runs import ModelSpec, Recipe, records
from common.utils import files
from tests.support.helpers import no_fit, write_meanwhile

STUDENT = ModelSpec("mlp", Recipe(epochs=1, batch_size=50), "tinier", {"width": 4})


@pytest.fixture
def spec(tmp_path):
    """One tiny teacher, one tiny student."""
    return StudySpec(
        folder=tmp_path / "committed",
        teachers={"tiny": ModelSpec("mlp", STUDENT.recipe, "tiny", {"width": 8})},
        students={"tinier": STUDENT},
        temperatures=(1, 4),
        alphas=(0.9, 0.5),
    )


def test_logits_of_a_teacher_are_computed_once(spec, few, monkeypatch):
    study = Study(spec, few)
    made = study.logits("tiny")
    expected = study.model(study.teacher("tiny")).predict(few.test.images, verbose=0)
    stored = made.targets("test", few.test.images).unaugmented()
    np.testing.assert_allclose(stored, expected, rtol=2**-10, atol=1e-4)
    assert made.identity.startswith(study.teacher("tiny").name)
    monkeypatch.setattr(keras.Model, "fit", no_fit)
    monkeypatch.setattr(keras.Model, "predict", no_fit)
    assert Study(spec, few).logits("tiny").identity == made.identity
    elsewhere = Study(spec, few, output_dir=spec.folder / "elsewhere")
    assert elsewhere.logits("tiny").folder == made.folder  # the committed ones
    with pytest.raises(AssertionError, match="must not be called"):
        Study(spec, few, output_dir=spec.folder / "other", retrain=True).logits("tiny")


def test_epochs_of_students_leave_their_teacher_as_it_is(spec, few):
    quick = Study(spec, few, student_epochs=3)
    assert quick.student("tinier").recipe.epochs == 3
    assert quick.teacher("tiny") == Study(spec, few).teacher("tiny")
    both = Study(spec, few, epochs=2)
    assert both.student("tinier").recipe.epochs == both.teacher("tiny").recipe.epochs == 2


def test_the_new_seed_is_one_without_a_record(spec, few):
    study = Study(spec, few, seeds=[0, 3])
    assert study.with_new_seed("one seed").seeds == [4] and study.seeds == [0, 3]
    assert study.with_new_seed("nothing") is None
    with pytest.raises(ValueError, match=r"unknown train 'one'.* one seed"):
        study.with_new_seed("one")


@pytest.mark.usefixtures("eager")
def test_a_repeated_comparison_has_the_same_settings(spec, few):
    study = Study(spec, few, seeds=[0])
    recorded = results.ControlledComparison(experiments.tune(study, "tinier", "tiny"))
    again = experiments.repeat(study.with_new_seed("one seed"), "tinier", "tiny", recorded)
    for (_, _, group), (label, _, repeated) in zip(recorded.rows(), again.rows("1: "), strict=True):
        assert repeated.configuration == group.configuration
        assert list(repeated.seeds) == [1] and label.startswith("1: ")


def _with(**changes):
    def change(logits, record):
        header = logits.header | changes
        (logits.folder / "header.json").write_text(json.dumps(header))

    return change


def _trained_again(logits, record):
    record.write_text(json.dumps(json.loads(record.read_text()) | {"weights_sha256": "12ab"}))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (_with(teacher="mnist-mlp-0-seed9"), "of teacher mnist-mlp-0-seed9, not mnist-mlp-"),
        (_with(dataset="cifar100"), "of dataset cifar100, not mnist: "),
        (_trained_again, r"of weights_sha256 \w{64}, not 12ab: "),
    ],
)
def test_logits_of_another_teacher_are_refused(spec, few, change, sentence):
    study = Study(spec, few)
    made, record = study.logits("tiny"), records.path(spec.folder, study.teacher("tiny"))
    change(made, record)
    for read in (study.logits, study.committed_logits):
        with pytest.raises(ValueError, match=sentence + ".*delete it to have them computed"):
            read("tiny")


def test_logits_in_the_folder_of_other_views_are_refused(spec, few):
    study = Study(spec, few)
    plain, jittered = (study.logits("tiny", view_set=name) for name in ("plain", "mnist_jitter"))
    shutil.rmtree(jittered.folder)
    shutil.copytree(plain.folder, jittered.folder)
    with pytest.raises(ValueError, match="of views plain, not mnist_jitter: delete it to have"):
        study.logits("tiny", view_set="mnist_jitter")


def test_interrupted_computation_of_logits_is_resumed(spec, few, monkeypatch):
    study = Study(spec, few)
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(files, "write_json", _interrupt_at_header)
        study.logits("tiny")
    assert study.logits("tiny").targets("train", few.train.images).unaugmented().shape == (100, 10)


def _interrupt_at_header(path, value):
    if path.name == "header.json":
        raise KeyboardInterrupt
    original_write_json(path, value)


original_write_json = files.write_json


def test_logits_without_disk_are_refused_before_training(spec, few, monkeypatch):
    monkeypatch.setattr(keras.Model, "fit", no_fit)
    usage = shutil.disk_usage(".")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage._replace(free=0))
    with pytest.raises(ValueError, match=r"take 0\.00806 GB, .* has 0 GB free"):
        Study(spec, few).logits("tiny", view_set="mnist_jitter")


def test_logits_for_a_students_views_are_lazy(spec, few):
    recipe = Recipe(epochs=1, batch_size=50, views="mnist_jitter", views_per_image=2)
    spec.students["jittered"] = ModelSpec("mlp", recipe, "jittered", {"width": 4})
    study = Study(spec, few)
    logits = study.logits_for("jittered", "tiny")
    assert not (spec.folder / "teachers").exists()  # not looked up yet
    assert study.logits_for("tinier", "tiny").load().header["views"] == "plain"
    made = logits.load()
    assert made.identity == logits.identity and made.nbytes == logits.nbytes
    assert made.folder.name == f"{study.teacher('tiny').name}-mnist_jitter-2"
    assert made.view_set == recipe.view_set and made.view_set.views_per_image == 2
    assert study.logits_for("jittered", "tiny").folder == made.folder  # read
    runs = [study.student("jittered", logits=logits, distillation=Distillation(4, 0.9))]
    (record,) = study.train(runs, logits=[logits])
    assert record["configuration"]["recipe"]["sampled_views"] == 2


def test_finished_students_are_read_without_their_teachers_logits(spec, few, monkeypatch):
    def records_of(study):
        logits = study.logits_for("tinier", "tiny")
        runs = [study.student("tinier", logits=logits, distillation=Distillation(4, 0.9))]
        return logits, study.train(runs, logits=[logits])

    study = Study(spec, few)
    _, first = records_of(study)
    shutil.rmtree(spec.folder / "teachers")
    monkeypatch.setattr(keras.Model, "fit", no_fit)
    monkeypatch.setattr(keras.Model, "predict", no_fit)
    assert records_of(study)[1] == first
    records.find_weights(spec.folder, study.teacher("tiny")).unlink()
    logits, again = records_of(study)
    assert again == first
    with pytest.raises(ValueError, match=r"has the record of .* but not its weights"):
        logits.targets("test", few.test.images)


def test_logits_of_another_machines_precision_stay(spec, few, monkeypatch):
    """Both machines find none; the one that waits then reads what the other has written."""
    study, other = Study(spec, few), Study(spec, few)
    run = study.teacher("tiny")
    study.train([run])
    folder = teachers.folder(study.output_dir, run)

    def write():
        other.logits("tiny")
        header = json.loads((folder / "header.json").read_text(encoding="utf-8"))
        files.write_json(folder / "header.json", header | {"computed_in": ["bfloat16"]})

    write_meanwhile(monkeypatch, folder, write)
    assert study.logits("tiny").header["computed_in"] == ["bfloat16"]


def test_lazy_logits_are_computed_after_a_failure(spec, few, monkeypatch):
    study = Study(spec, few)
    study.train([study.teacher("tiny")])
    lazy = study.lazy_logits("tiny")
    with monkeypatch.context() as patched, pytest.raises(OSError, match="full"):
        patched.setattr(keras.Model, "predict_on_batch", _disk_full)
        lazy.load()
    assert lazy.load().identity == lazy.identity


def _disk_full(*_):
    raise OSError("the disk is full")


def test_lazy_logits_of_one_teacher_are_computed_once(spec, few, monkeypatch):
    study = Study(spec, few)
    first, second = study.lazy_logits("tiny"), study.lazy_logits("tiny")
    made = first.load()
    monkeypatch.setattr(keras.Model, "predict", no_fit)
    assert second.load().folder == made.folder


def test_identity_is_that_of_the_folder_with_weights(spec, few, tmp_path):
    committed = Study(spec, few)
    committed.train([committed.teacher("tiny")])
    other = Study(spec, few, output_dir=tmp_path / "other", retrain=True)
    run = other.teacher("tiny")
    other.train([run])
    record = records.path(other.output_dir, run)  # as from a machine whose bits differ
    record.write_text(json.dumps(json.loads(record.read_text()) | {"weights_sha256": 64 * "a"}))
    records.find_weights(other.output_dir, run).unlink()
    both = Study(spec, few, output_dir=other.output_dir)
    lazy = both.lazy_logits("tiny")
    assert lazy.identity == committed.lazy_logits("tiny").identity
    assert teachers.weights_hash(both.model(run)).startswith(lazy.identity.partition("@")[2])


def test_settings_reach_the_run(spec, few):
    study = Study(spec, few, epochs=3)
    teacher = study.teacher("tiny", seed=2)
    assert (teacher.recipe.epochs, teacher.seed, teacher.limit) == (3, 2, 100)
    assert teacher.id != Study(spec, few).teacher("tiny").id
    assert records.read(spec.folder, teacher) is None
    assert spec.teachers["tiny"].recipe.epochs == 1
    half, other = TransferSet(share=0.5), TransferSet(classes=(1, 2))
    spec.students["tinier"] = dataclasses.replace(STUDENT, transfer_set=half)
    assert Study(spec, few).student("tinier").transfer_set == half
    assert Study(spec, few).student("tinier", transfer_set=other).transfer_set == other


@pytest.mark.parametrize("epochs", [0, -1, 1.5])
def test_bad_settings(spec, few, epochs):
    with pytest.raises(ValueError, match="epochs must be a whole number above 0"):
        Study(spec, few, epochs=epochs)
    with pytest.raises(ValueError, match="unknown teacher 'tinny': did you mean tiny"):
        Study(spec, few).teacher("tinny")
    with pytest.raises(ValueError, match="unknown student 'tiner': did you mean tinier"):
        Study(spec, few).student("tiner")


@pytest.mark.usefixtures("eager")
def test_tuning_again_reads_all_runs_and_prints_one_line(spec, few, capsys, monkeypatch):
    first = experiments.tune(Study(spec, few), "tinier", "tiny")
    capsys.readouterr()
    monkeypatch.setattr(keras.Model, "fit", no_fit)
    again = experiments.tune(Study(spec, few), "tinier", "tiny")
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("read 5 finished runs from ")  # baseline, two T, one alpha, control
    assert [group.configuration for group in again] == [group.configuration for group in first]
    control = results.ControlledComparison(again).control.configuration
    best = results.best_distilled(again).configuration
    assert control == best | {"shuffled": True}
