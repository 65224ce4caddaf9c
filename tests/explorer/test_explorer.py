"""Explorer without a browser: its data, its state, the kernel's answers, its errors."""

import dataclasses
import json

import numpy as np
import pytest
from traitlets import TraitError

from common.experiments.spec import StudySpec
from common.experiments.study import Study
from common.explorer import Explorer
from common.explorer.live_run import LiveRun
from common.runs import ModelSpec, Recipe, records
from common.runs.model_io import load_model
from mnist import recipes

TINY = StudySpec(
    folder=recipes.FOLDER,
    teachers={"tiny": ModelSpec("mlp", Recipe(epochs=1), "tiny net", {"width": 16})},
    students=recipes.STUDENTS,
)


def small_study(few, folder):
    return Study(TINY, few, output_dir=folder, retrain=True, epochs=1)


@pytest.fixture(scope="module")
def study(few, tmp_path_factory):
    """A study of 100 digits whose teacher, a tiny net, is trained for one epoch."""
    study = small_study(few, tmp_path_factory.mktemp("runs"))
    study.logits("tiny")
    return study


@pytest.fixture
def view(study):
    return Explorer(study, temperature=4.0)


def replies(view, monkeypatch):
    """Function: the reply to a message of a panel."""
    sent = []
    monkeypatch.setattr(view.state, "send", sent.append)

    def ask(message, *buffers):
        view._receive(view.state, message, buffers)
        return sent[-1]

    return ask


def test_the_panels_share_data_and_state(view, study):
    content = json.loads(view.state.data)
    assert content["test"]["count"] == len(study.dataset.test)
    assert content["train"]["count"] == len(study.dataset.train)
    assert view.state.index == content["choices"][0]
    panels = [view.soft_targets, view.loss, view.training, view.drawn_digit]
    assert all(panel.explorer is view.state for panel in panels)
    assert view.soft_targets is panels[0]
    with pytest.raises(TraitError):
        view.state.temperature = 0.1


@pytest.mark.parametrize("bad", [{"temperature": 0.1}, {"alpha": 2}, {"index": 100_000}])
def test_values_out_of_range_are_refused(study, bad):
    with pytest.raises(ValueError, match=next(iter(bad)).replace("index", "test image")):
        Explorer(study, **bad)


def test_a_study_without_logits_is_refused(few, tmp_path):
    with pytest.raises(FileNotFoundError, match="compute them first"):
        Explorer(small_study(few, tmp_path))


def test_a_trial_ends_with_the_weights_of_the_recorded_run(view, study, monkeypatch):
    settings = {"student": "800-800", "temperature": 4, "alpha": 0.9, "epochs": 1, "seed": 0}
    ask = replies(view, monkeypatch)
    assert ask({"type": "train", **settings}) == {"id": None}
    trial = view.live.trial
    assert trial.join(60) and trial.state == "finished", trial.error
    (record,) = study.train([trial.run], logits=[view.live.logits])
    twin = load_model(study.output_dir, trial.run, study.dataset)
    for ours, theirs in zip(trial.model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    live = view.state.live
    assert live["state"] == "finished" and live["role"] == "distilled"
    assert live["rows"][0][:4] == ["800-800, trial 1", "4", "0.9", f"{record['test']['errors']:,}"]
    assert f"{record['test']['errors']:,} errors on 100 test images" in live["status"]
    recorded = Explorer(study).state.trainings["students"]["800-800"]
    assert float(recorded["rows"][0][3]) == record["test"]["errors"]
    assert view.state.networks[-1] == "800-800, trial 1"
    assert records.read(study.output_dir, trial.run)


def test_stop_ends_a_training_within_a_batch(view, monkeypatch):
    ask = replies(view, monkeypatch)
    settings = {"student": "30-30", "temperature": 4, "alpha": 0.9, "epochs": 1000, "seed": 0}
    ask({"type": "train", **settings})
    assert view.state.live["state"] == "running"
    ask({"type": "stop"})
    assert view.live.trial.join(30) and view.state.live["state"] == "stopped"
    assert len(view.live.trial.curve) < 100
    assert "of 1000 epochs" in view.state.live["status"]


def test_a_training_that_fails_says_why(tiny_run, few):
    run = tiny_run()
    broken = LiveRun(run, dataclasses.replace(few, validation=None), None, "broken")
    broken.start()
    assert broken.join(30) and broken.state == "failed" and broken.error


def test_a_stopped_training_whose_errors_cannot_be_counted_ends(tiny_run, few, monkeypatch):
    stopped = LiveRun(tiny_run(), few, None, "diverged")
    monkeypatch.setattr(stopped, "_errors", lambda split: few.nonesuch)
    stopped.stop()
    stopped.start()
    assert stopped.join(30) and stopped.state == "failed" and "nonesuch" in stopped.error


def test_settings_that_no_training_accepts_are_refused_in_one_sentence(view, monkeypatch):
    ask = replies(view, monkeypatch)
    bad = {"student": "30-30", "temperature": -1, "alpha": 0.9, "epochs": 1, "seed": 0}
    assert "temperature" in ask({"type": "train", **bad})["problem"]
    assert view.live.trial is None


def test_the_kernels_networks_answer_to_pixels(view, study, monkeypatch):
    image = study.dataset.test.images[3]
    reply = replies(view, monkeypatch)({"type": "answer", "id": 7}, memoryview(image.tobytes()))
    model = study.model(study.teacher("tiny"))
    expected = np.asarray(model(image[None], training=False))[0]
    (answer,) = reply["answers"]
    assert reply["id"] == 7 and answer["title"] == "tiny net"
    np.testing.assert_allclose(answer["logits"], expected, atol=1e-5)


def test_a_panel_has_text_where_widgets_cannot_be(view):
    bundle = view.soft_targets._repr_mimebundle_()
    bundle = bundle[0] if isinstance(bundle, tuple) else bundle
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/plain"].startswith("Soft targets of a test image")
