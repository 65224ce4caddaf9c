"""Deployment of tiny students: settings, roles, rows of the exported files beside the records."""

import numpy as np
import pytest

from common import export, models
from common.distillation import Distillation
from common.experiments import deployment
from common.experiments.spec import StudySpec
from common.experiments.study import Study
from common.export import readback
from common.runs import ModelSpec, Recipe, records
from mnist import recipes
from tests.support.helpers import no_fit

WHAT = deployment.Deployment("large", "small", ("small",))


@pytest.fixture
def study(few, tmp_path):
    recipe = Recipe(epochs=1, batch_size=25)
    spec = StudySpec(
        tmp_path,
        {"large": ModelSpec("mlp", recipe, options={"width": 8})},
        {"small": ModelSpec("mlp", recipe, options={"width": 32})},
        seeds=(0, 1),
    )
    return Study(spec, few)


def test_settings_are_those_of_the_committed_runs(study, mnist):
    assert deployment.settings(study, "small", "large") == Distillation(4.0, 0.9)
    committed = Study(recipes.STUDY, mnist)
    chosen = deployment.settings(committed, recipes.DEVICE.student, "cnn")
    assert (chosen.temperature, chosen.alpha) == (20, 0.9)
    with pytest.raises(ValueError, match="unknown teacher 'larg': did you mean large"):
        deployment.settings(study, "small", "larg")


@pytest.mark.usefixtures("eager")
def test_files_are_evaluated_beside_their_networks(study, tmp_path, monkeypatch):
    pytest.importorskip("ai_edge_litert", reason="pip install -e '.[export]'")
    # networks of a few steps have no clear first choices
    monkeypatch.setitem(readback.BOUNDS, "int8", (1, 0))
    groups = deployment.train(study, WHAT)
    assert [group.distillation for group in groups][1] == Distillation(4.0, 0.9)
    runs = deployment.runs(study, WHAT)
    teacher = study.teacher("large")
    roles = [deployment.role(run, teacher) for run in (teacher, *runs)]
    assert roles == ["teacher", "baseline", "baseline", "distilled", "distilled"]
    (tmp_path / "files").mkdir()
    rows = deployment.evaluate(study, [(runs[2], "distilled")], tmp_path / "files")
    assert [row["precision"] for row in rows] == list(export.PRECISIONS)
    recorded = records.read(tmp_path, runs[2])["test"]
    assert rows[0]["errors"] == recorded["errors"] and rows[0]["agreement"] == 1
    nll = recorded["negative_log_likelihood"]
    assert rows[0]["negative_log_likelihood"] == pytest.approx(nll, abs=1e-4)
    names = [export.file_name(runs[2].name, "litert", row["precision"]) for row in rows]
    paths = [tmp_path / "files" / name for name in names]
    classes = [export.predict(path, study.dataset.test.images).argmax(axis=1) for path in paths]
    agreement = [np.mean(each == classes[0]) for each in classes]
    assert [row["agreement"] for row in rows] == pytest.approx(agreement) and min(agreement) < 1
    monkeypatch.setattr(export, "export", no_fit)  # saved rows are read
    again = [(runs[2], "distilled")]
    assert deployment.evaluate(study, again, tmp_path / "files") == rows
    with pytest.raises(AssertionError):
        deployment.evaluate(study, again, tmp_path / "files", environment={"device": "another"})
    with monkeypatch.context() as patched, pytest.raises(AssertionError):
        patched.setattr(deployment, "_code_digest", lambda: "of changed code")
        deployment.evaluate(study, again, tmp_path / "files")
    assert [row["bytes"] for row in rows] == [path.stat().st_size for path in paths]
    trained_again = models.build("mlp", (28, 28, 1), 10, width=32)
    monkeypatch.setattr(Study, "model", lambda *_: trained_again)
    with pytest.raises(AssertionError):
        deployment.evaluate(study, again, tmp_path / "files")
