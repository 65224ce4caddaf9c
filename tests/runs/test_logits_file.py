"""Logits beside records: measures added later reach finished runs; damaged files are refused."""

import dataclasses
import shutil

import numpy as np
import pytest
from scipy import special

from common import metrics, results, teachers
from common.distillation import Distillation
from common.runs import Recipe, Run, logits_file, records
from common.teachers import weights
from tests.support.helpers import add_measures

RUN = Run("mnist", "mlp", Recipe(epochs=2), limit=100)
SHA256 = "ab" * 32


def margin(logits, labels):
    """Mean difference of the label's logit and the largest."""
    return float((logits[np.arange(len(labels)), labels] - logits.max(axis=1)).mean())


def divergence(logits, teacher_logits):
    teacher, student = (
        special.log_softmax(np.float64(x), axis=1) for x in (teacher_logits, logits)
    )
    return float((np.exp(teacher) * (teacher - student)).sum(axis=1).mean())


NEW = (
    metrics.Measure("margin", margin, "margin", 3),
    metrics.Measure("divergence", divergence, "divergence", 4, against="teacher"),
)


@pytest.fixture
def student(few, logits, tmp_path, random_logits):
    """(folder, run, logits by split) of a finished student, whose teacher's logits are there."""
    shutil.copytree(logits.folder, tmp_path / "teachers" / "mnist-mlp-0-seed7-plain")
    settings = {"teacher": logits.identity, "distillation": Distillation(4, 0.9)}
    run = dataclasses.replace(RUN, **settings)
    return tmp_path, run, finish(tmp_path, run, few, random_logits)


def finish(folder, run, dataset, random_logits):
    """Write a run's logits and record, as training does; return the logits."""
    by_split = {split: random_logits(100, k) for k, split in enumerate(logits_file.SPLITS)}
    logits_file.write(records.path(folder, run), SHA256, dataset, by_split)
    values = {
        split: metrics.summary(by_split[split], getattr(dataset, split).labels)
        for split in by_split
    }
    images = dict.fromkeys(("train", "validation", "test"), 100)
    rest = {"parameters": 1, "curve": {}, "weights_sha256": SHA256, "images": images}
    records.write(folder, run, values | rest)
    return by_split


@pytest.fixture
def new_measures(monkeypatch):
    add_measures(monkeypatch, *NEW)


def test_a_new_measure_reaches_a_finished_run(student, few, logits, new_measures):
    folder, run, by_split = student
    (record,) = records.load_all(folder)
    assert record == records.read(folder, run)
    for split, own in by_split.items():
        expected = margin(own, getattr(few, split).labels)
        assert record[split]["margin"] == pytest.approx(expected, rel=1e-3)
    teacher = logits.targets("test", few.test.images).unaugmented()
    expected = divergence(by_split["test"], teacher)
    assert record["test"]["divergence"] == pytest.approx(expected, rel=1e-3)
    header, _, row, _ = results.seeds_table(results.group_seeds([record])[0]).splitlines()
    cell = row.split(" | ")[header.split(" | ").index("margin")]
    assert cell == f"{record['test']['margin']:.3f}"


def test_folders_of_other_logits_are_passed_over(student, new_measures):
    """Damaged ones, half-written ones, and those of seed 70 beside seed 7."""
    folder, run, _ = student
    for name in ("mnist-mlp-0-seed7", "mnist-mlp-0-seed7-a.part", "mnist-mlp-0-seed70"):
        (folder / "teachers" / name).mkdir()
        (folder / "teachers" / name / "header.json").write_text("{")
    assert "divergence" in records.read(folder, run)["test"]


def test_measures_of_the_record_stay_as_they_are(student, new_measures):
    folder, run, _ = student
    text = records.path(folder, run).read_text()
    record = records.read(folder, run)
    assert '"margin"' not in text and records.path(folder, run).read_text() == text
    assert record["test"]["errors"] == len(record["test"]["wrong"])


def test_without_teachers_logits_of_the_same_images_a_measure_is_absent(
    student, few, mnist, random_logits, new_measures
):
    folder, run, _ = student
    shutil.rmtree(folder / "teachers")
    assert {"margin"} == {m.key for m in NEW} & set(records.read(folder, run)["test"])
    finish(folder, RUN, few, random_logits)  # a baseline
    assert "divergence" not in records.read(folder, RUN)["test"]


def test_without_a_logits_file_records_are_as_written(student, new_measures):
    folder, run, _ = student
    logits_file.path(records.path(folder, run)).unlink()
    assert "margin" not in records.read(folder, run)["test"]


def test_teachers_logits_in_another_order_are_not_used(student, few, new_measures):
    folder, run, by_split = student
    turned = few.test.take(slice(None, None, -1))
    dataset = dataclasses.replace(few, test=turned)
    logits_file.write(records.path(folder, run), SHA256, dataset, by_split)
    record = records.read(folder, run)
    assert "divergence" in record["validation"] and "divergence" not in record["test"]


@pytest.mark.parametrize("size", [0, 100, 3000, -1])
def test_truncated_file_is_ignored_with_one_sentence(student, new_measures, size, capfd):
    folder, run, _ = student
    path = logits_file.path(records.path(folder, run))
    path.write_bytes(path.read_bytes()[:size])
    assert "margin" not in records.read(folder, run)["test"]
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith(f"ignored: the logits file {path} is damaged (")
    assert line.endswith("): delete it")


def test_file_of_another_training_is_ignored_with_one_sentence(student, few, new_measures, capfd):
    folder, run, by_split = student
    logits_file.write(records.path(folder, run), "cd" * 32, few, by_split)
    assert "margin" not in records.read(folder, run)["test"]
    message = f"ignored: {logits_file.path(records.path(folder, run))} holds the logits of another "
    assert capfd.readouterr().err == f"{message}training: delete it\n"


def test_interrupted_write_leaves_the_file_as_it_was(student, few, monkeypatch):
    folder, run, by_split = student
    path = logits_file.path(records.path(folder, run))
    before = path.read_bytes()

    def interrupted(file, **arrays):
        file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", interrupted)
    with pytest.raises(KeyboardInterrupt):
        logits_file.write(records.path(folder, run), SHA256, few, by_split)
    assert path.read_bytes() == before and len(list(path.parent.iterdir())) == 2


def test_logits_too_large_for_float16_stay_finite(few, tmp_path):
    huge = {split: np.full((100, 10), 1e6, "float32") for split in logits_file.SPLITS}
    logits_file.write(tmp_path / "results" / "a.json", SHA256, few, huge)
    with np.load(tmp_path / "results" / "a.npz") as stored:
        assert np.isfinite(stored["test"]).all()


def test_weights_beside_logits_of_other_views_are_found(tmp_path):
    for name in (f"{RUN.name}-crop_flip-8", f"{RUN.name}-crop_flip-9.part", f"{RUN.name}0"):
        (tmp_path / "teachers" / name).mkdir(parents=True)
        for file in ("header.json", weights.FLOAT32_FILE, weights.FLOAT16_FILE):
            (tmp_path / "teachers" / name / file).touch()
    expected = tmp_path / "teachers" / f"{RUN.name}-crop_flip-8"
    assert records.find_weights(tmp_path, RUN) == expected / weights.FLOAT32_FILE
    assert records.find_float16_weights(tmp_path, RUN) == expected
    assert records.find_weights(tmp_path / "other", RUN) is None


def test_weights_without_logits_are_found(tmp_path):
    """Float16 ones are not: their checksum is in the logits' header."""
    alone = tmp_path / "teachers" / RUN.name
    alone.mkdir(parents=True)
    for file in (weights.FLOAT32_FILE, weights.FLOAT16_FILE):
        (alone / file).touch()
    assert records.find_weights(tmp_path, RUN) == alone / weights.FLOAT32_FILE
    assert records.find_float16_weights(tmp_path, RUN) is None


@pytest.mark.parametrize("name", ["/data/teacher", "a**b", "[x"])
def test_teachers_of_any_name_are_looked_for(tmp_path, name):
    assert teachers.finished_folders(tmp_path, name) == []
    (tmp_path / "teachers" / "another").mkdir(parents=True)
    (tmp_path / "teachers" / "another" / "header.json").touch()
    assert teachers.finished_folders(tmp_path, name) == []
