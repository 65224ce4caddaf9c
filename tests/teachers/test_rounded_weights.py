"""float16 weights of a teacher: written if float32 is too large, checked, used by a study."""

import shutil

import numpy as np
import pytest

from common import teachers
from common.data import views
from common.distillation import Distillation
from common.experiments.spec import StudySpec
from common.experiments.study import Study
from common.runs import ModelSpec, Recipe, records
from common.teachers import weights


@pytest.fixture
def study(few, tmp_path, monkeypatch):
    """(study, run, exact model) of an mlp of which only float16 weights remain."""
    monkeypatch.setattr(weights, "MAX_BYTES", 30_000)  # bytes: between float16's and float32's
    specs = {"tiny": ModelSpec("mlp", Recipe(epochs=1, batch_size=50), "tiny", {"width": 16})}
    made = Study(StudySpec(tmp_path, specs, {}), few)
    made.logits("tiny")
    run = made.teacher("tiny")
    exact = made.model(run)
    (tmp_path / "weights" / f"{run.name}.weights.h5").unlink()
    return made, run, exact


def test_model_falls_back_to_float16_weights(study, few):
    made, run, exact = study
    folder = teachers.folder(made.output_dir, run)
    assert not (folder / weights.FLOAT32_FILE).exists()
    assert (folder / weights.FLOAT16_FILE).stat().st_size == pytest.approx(
        2 * exact.count_params(), abs=200
    )
    rounded = made.model(run)
    for loaded, original in zip(rounded.get_weights(), exact.get_weights(), strict=True):
        np.testing.assert_array_equal(loaded, original.astype("float16").astype("float32"))
    assert teachers.Logits(folder).identity.startswith(run.name)


def test_logits_of_neither_exact_nor_float16_weights_are_refused(study):
    made, run, _ = study
    assert made.logits("tiny").header["weights_sha256"] == made.train([run])[0]["weights_sha256"]
    folder = teachers.folder(made.output_dir, run)
    header = folder / "header.json"
    text, exact = header.read_text(), teachers.Logits(folder).header["weights_sha256"]
    header.write_text(text.replace(exact, teachers.weights_hash(made.model(run))))
    assert made.logits("tiny").header["weights_sha256"] != exact  # of the float16 weights
    header.write_text(text.replace(exact, "0" * 64))
    with pytest.raises(ValueError, match=r"has the logits of weights_sha256 0000.* delete it"):
        made.logits("tiny")


def test_lazy_logits_have_the_identity_of_float16_weights(study):
    made, run, exact = study
    lazy = made.lazy_logits("tiny", view_set="mnist_jitter")
    assert lazy.identity != teachers.identity(run.name, teachers.weights_hash(exact))
    assert lazy.load().identity == lazy.identity


def test_students_of_exact_weights_are_read_without_these_weights(study, few):
    made, run, exact = study
    small = ModelSpec(
        "mlp", Recipe(epochs=1, batch_size=50, views="mnist_jitter"), "small", {"width": 4}
    )
    made.spec.students["small"] = small
    made.output_dir.joinpath("weights").mkdir(exist_ok=True)
    exact.save_weights(records.weights_path(made.output_dir, run))

    def train():
        logits = made.logits_for("small", "tiny")
        settings = {"logits": logits, "distillation": Distillation(4, 0.9)}
        return logits, made.train([made.student("small", **settings)], logits=[logits])

    logits, first = train()
    shutil.rmtree(logits.load().folder)
    records.weights_path(made.output_dir, run).unlink()
    again, read = train()
    assert (again.identity, read) == (logits.identity, first)
    with pytest.raises(
        ValueError, match=r"students used the exact weights of .* only float16 remains"
    ):
        again.targets("test", few.test.images)
    rounded = made.lazy_logits("tiny", view_set=views.get("mnist_jitter", 3))  # of no student
    assert rounded.identity != logits.identity and rounded.load().identity == rounded.identity


def test_damaged_float16_weights_are_refused(study):
    made, run, _ = study
    path = teachers.folder(made.output_dir, run) / weights.FLOAT16_FILE
    array = np.load(path)
    array[3] += 1
    np.save(path, array)
    with pytest.raises(ValueError, match=r"weights_float16\.npy are damaged .*checksum.* delete"):
        made.model(run)


def test_float32_file_above_the_limit_is_replaced_by_float16(teacher_model, tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "MAX_BYTES", 4 * teacher_model.count_params() + 1)
    weights.save_compact(teacher_model, tmp_path)  # HDF5 adds more than one byte
    assert [path.name for path in tmp_path.iterdir()] == [weights.FLOAT16_FILE]


def test_no_weights_are_written_if_too_large_or_not_finite(
    few, teacher_model, tmp_path, monkeypatch
):
    monkeypatch.setattr(weights, "MAX_BYTES", 100)
    weights.save_compact(teacher_model, tmp_path)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(weights, "MAX_BYTES", 3 * teacher_model.count_params())
    before = teacher_model.get_weights()
    try:
        teacher_model.set_weights([np.full_like(weight, 1e6) for weight in before])
        weights.save_compact(teacher_model, tmp_path)
    finally:
        teacher_model.set_weights(before)
    assert list(tmp_path.iterdir()) == []
