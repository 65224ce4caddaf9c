"""What a rehearsal says will be trained is what is trained then; times against hand counts."""

import shutil
import types

import keras
import numpy as np
import pytest

from common import cli, experiments
from common.backend import hardware
from common.cli import step_timing, time_estimates
from common.cli.dry_run import DryRun
from common.data.transfer_sets import TransferSet
from common.experiments.study import Study
from common.runs import ModelSpec, Recipe, records
from common.training.accelerated.on_device import OnDeviceModel
from tests.support.helpers import no_fit

RECIPE = Recipe(epochs=1, batch_size=50)
SEEDS = [0]


@pytest.fixture
def recipes(tmp_path):
    """One tiny teacher, one tiny student, and an experiment that chooses on its own results."""

    def reproduce(study, seeds):
        experiments.train_teacher(study, "tiny", seeds)
        experiments.tune(study, study.lazy_logits("tiny"), "tinier", seeds, [1, 4], [0.9, 0.5])

    return types.SimpleNamespace(
        TEACHERS={"tiny": ModelSpec("mlp", RECIPE, "tiny", {"width": 8})},
        STUDENTS={"tinier": ModelSpec("mlp", RECIPE, "tinier", {"width": 4})},
        FOLDER=tmp_path / "committed",
        reproduce=reproduce,
    )


def rehearsed(recipes, data, **options):
    rehearsal = DryRun(Study(recipes, data, **options))
    recipes.reproduce(rehearsal, SEEDS)
    return rehearsal


@pytest.mark.slow
def test_what_is_rehearsed_is_what_is_trained(recipes, few, monkeypatch, tmp_path):
    with monkeypatch.context() as patched:
        patched.setattr(keras.Model, "fit", no_fit)
        before = rehearsed(recipes, few)
    assert not before.finished and not (recipes.FOLDER / "results").exists()
    study = Study(recipes, few)
    recipes.reproduce(study, SEEDS)
    files = list((recipes.FOLDER / "results").glob("*.json"))
    assert sum(len(members) for members, _ in before.trainings) == len(files) == 1 + 5
    # the teacher; a baseline and two temperatures; the second alpha; the control
    assert [len(members) for members, _ in before.trainings] == [1, 3, 1, 1]
    assert list(before.asked.values()) == [(few, study.teacher("tiny"), "plain", 0)]
    shutil.rmtree(recipes.FOLDER / "teachers")  # finished students need no answers
    with monkeypatch.context() as patched:
        for method in ("fit", "predict"):
            patched.setattr(keras.Model, method, no_fit)
        recipes.reproduce(study, SEEDS)
    after = rehearsed(recipes, few)
    assert (
        after.trainings == []
        and not after.asked
        and after.finished == {file.stem for file in files}
    )
    assert time_estimates.plan(after.finished, after.trainings) == [
        "6 runs finished, 0 runs to be trained"
    ]
    elsewhere = rehearsed(recipes, few, output_dir=tmp_path / "new", retrain=True)
    assert not elsewhere.finished and len(elsewhere.trainings) == 4


def test_a_plan_refuses_what_a_finished_teacher_cannot_answer(recipes, few, monkeypatch):
    study = Study(recipes, few)
    run = study.teacher("tiny")
    study.train([run])
    with monkeypatch.context() as patched:
        usage = shutil.disk_usage(".")
        patched.setattr(shutil, "disk_usage", lambda folder: usage._replace(free=0))
        with pytest.raises(ValueError, match="has 0 GB free"):
            rehearsed(recipes, few)
    records.find_weights(recipes.FOLDER, run).unlink()
    with pytest.raises(ValueError, match=r"keeps the record of .* but not its weights"):
        rehearsed(recipes, few)


def test_logits_that_are_asked_for_at_once_are_planned(recipes, few):
    rehearsal = DryRun(Study(recipes, few))
    rehearsal.logits("tiny", view_set="mnist_jitter")
    own = (few, rehearsal.teacher("tiny"), "mnist_jitter", 0)
    assert list(rehearsal.asked.values()) == [own]
    said = time_estimates.plan(set(), [], rehearsal.asked.values())
    assert said[0].startswith("0 runs finished, 0 runs to be trained, about ")
    assert said[1].startswith("  logits of mlp on mnist in 25 views of each training image: ")


def test_a_stand_in_has_what_a_record_has(recipes, few):
    rehearsal = DryRun(Study(recipes, few))
    logits = rehearsal.logits("tiny")
    assert logits.identity.startswith(rehearsal.teacher("tiny").name)
    targets = logits.targets("train", few.train.images, "mnist_jitter")
    assert targets.take(np.array([3, 99]), np.array([0, 24])).tolist() == [[0.0] * 10] * 2
    (record,) = rehearsal.train(
        [rehearsal.student("tinier", logits=logits, alpha=1)], logits=[logits]
    )
    assert record["test"]["errors"] == np.sum(few.test.labels != 0)  # it always says 0
    assert rehearsal.model(rehearsal.student("tinier")).name == "mlp"
    beside = rehearsal.with_recipes(recipes, few.trainval())
    beside.train([beside.student("tinier", seed=5)])
    assert [data.name for _, data in rehearsal.trainings] == ["mnist", "mnist", "mnist_all"]
    assert [[run.model for run in members] for members, _ in rehearsal.trainings] == [["mlp"]] * 3


def test_a_trainings_time_counts_every_batch(few, tiny_run):
    found = step_timing.StepTimes(train=2.0, answer=10.0)
    run = tiny_run({"epochs": 3, "batch_size": 40}, seed=0)
    # 2 batches of 40 in 100 images; one of answers for validation in each epoch and after, one test
    assert time_estimates.run_seconds(run, few, found) == 3 * 2 * 2 + (4 + 1) * 10
    part = TransferSet(share=0.2)
    share = len(part.select(few.train.labels))
    assert 20 <= share <= 25 and 100 // share >= 4  # 3 epochs hold fewer images: asked at the end
    run = tiny_run({"epochs": 3, "batch_size": 40}, transfer_set=part)
    assert time_estimates.run_seconds(run, few, found) == 3 * 1 * 2 + (2 + 1) * 10


def test_a_net_is_timed(few, tiny_run):
    found = step_timing.measure(tiny_run(teacher="mnist-cnn-0-seed0@0", alpha=0.5), few)
    assert 0 < found.train < 5 and 0 < found.answer < 25


def test_on_a_gpu_whole_dispatches_are_timed(few, tiny_run, monkeypatch):
    monkeypatch.setattr(hardware, "gpu_memory", lambda: 10**9)
    fitted, fit = [], OnDeviceModel.fit

    def noted(self, data, **options):
        fitted.append(self.steps_per_dispatch)
        return fit(self, data, **options)

    monkeypatch.setattr(OnDeviceModel, "fit", noted)
    told = []
    run = tiny_run({"batch_size": 10}, transfer_set=TransferSet(share=0.8))
    found = step_timing.measure(run, few, lambda: told.append(1))
    steps = len(run.transfer_set.select(few.train.labels)) // 10
    assert 7 <= steps <= 8 and fitted == [steps]
    assert len(told) == 2 * (1 + step_timing.TIMED)  # training and answers
    assert 0 < found.train < 5 and 0 < found.answer < 25


def test_the_plan_adds_up(few, tiny_run, monkeypatch):
    seconds = {16: 100.0, 32: 300.0}  # a batch, by width
    width = lambda run: run.configuration["options"]["width"]  # noqa: E731
    monkeypatch.setattr(
        step_timing,
        "measure",
        lambda run, data, tell: step_timing.StepTimes(seconds[width(run)], 0.0),
    )
    small, large = tiny_run({"epochs": 1}), tiny_run({"epochs": 1}, options={"width": 32})
    trainings = [[small, tiny_run({"epochs": 1}, seed=1)], [small, large], [large]]
    head, *rows = time_estimates.plan({"a"}, [(members, few) for members in trainings])
    batches = 100 // 25
    assert head.startswith(
        f"1 run finished, 5 runs to be trained, about {900 * batches / 60:.0f} min on "
    )
    assert rows == [
        "  mlp width 16, 1 epoch: 2 trainings of 3 runs, about 20 min",
        "  mlp width 32, 1 epoch: 2 trainings of 2 runs, about 40 min",
    ]


def test_the_plan_names_the_answers_that_are_missing(few, tiny_run, monkeypatch):
    monkeypatch.setattr(
        step_timing, "measure", lambda run, data, tell: step_timing.StepTimes(1.0, 600.0)
    )
    trained, finished = tiny_run(), tiny_run(options={"width": 8})
    asked = [(few, trained, "mnist_jitter", 1), (few, finished, "plain", 0)]
    head, *_, first, second = time_estimates.plan({}, [([trained], few)], asked)
    # 2 epochs of 4 batches, 600 s of answers after each, at the end and on test; 360 s of logits
    assert ", 1 run to be trained, about 46 min on " in head
    # 300 times ten float16 and a key, 100 times a view
    size = "logits of mlp on mnist in 1 view of each training image: 8.5e-06 GB, 300 answers"
    assert first == f"  {size}, about 6 min"
    assert second.startswith("  logits of mlp on mnist in 1 view of each training image: 8.4e-06")
    assert second.endswith("about 1 s")  # timed here


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (89, "89 s"), (91, "2 min"), (5399, "90 min"), (9000, "2.5 h")],
)
def test_clock(seconds, words):
    assert time_estimates.format_duration(seconds) == f"about {words}"


def test_the_command_says_the_plan_and_stops(mnist_dir, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(keras.Model, "fit", no_fit)
    monkeypatch.setattr(
        step_timing, "measure", lambda run, data, tell: step_timing.StepTimes(0.01, 0.01)
    )
    where = ["--limit", "60", "--epochs", "1", "--data-dir", str(mnist_dir), "--retrain"]
    cli.main(
        "mnist", ["reproduce", "--plan", *where, "--output-dir", str(tmp_path), "--seeds", "0"]
    )
    _, *said = capfd.readouterr().out.split("\n")  # after the progress line
    assert said[0].startswith("0 runs finished, ") and "cnn, 1 epoch" in said[1]
    assert not list(tmp_path.glob("results/*"))


@pytest.mark.parametrize(("sampled", "views", "answers"), [(0, 25, "2,700"), (3, 3, "500")])
def test_the_size_and_time_of_logits_are_said(few, tiny_run, sampled, views, answers):
    said = time_estimates.describe_logits(few, tiny_run(), "mnist_jitter", sampled)
    assert f"in {views} views of each training image: " in said  # 100 of them, 100 + 100 others
    assert f", {answers} answers, about " in said


def test_a_teachers_plan_makes_nothing(mnist_dir, tmp_path, capfd):
    where = ["--data-dir", str(mnist_dir), "--output-dir", str(tmp_path), "--limit", "50"]
    cli.main("mnist", ["teacher", "cnn", "--views", "mnist_jitter", "--plan", *where])
    said = capfd.readouterr().out
    assert "logits of cnn on mnist in 25 views" in said
    assert "cnn, 6 epochs: 5 trainings of 5 runs, about" in said
    assert not list(tmp_path.iterdir())
    for wrong, sentence in (
        (["--views", "jitter"], "unknown view set"),
        (["--sampled", "2"], "cannot sample 2"),
    ):
        with pytest.raises(SystemExit, match=sentence):
            cli.main("mnist", ["teacher", "cnn", *wrong, *where])
