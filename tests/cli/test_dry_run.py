"""Dry run: it lists the runs that are trained afterwards; time estimates against hand counts."""

import dataclasses
import shutil

import keras
import numpy as np
import pytest

from common import cli, experiments, training
from common.backend import hardware
from common.cli import one_run, step_timing, time_estimates
from common.cli.dry_run import DryRun, Training
from common.data import views
from common.data.transfer_sets import TransferSet
from common.distillation import Distillation
from common.experiments.spec import StudySpec
from common.experiments.study import Study
from common.runs import ModelSpec, Recipe, records
from common.training.accelerated.on_device import OnDeviceModel
from tests.support.helpers import InterruptBefore, no_fit

RECIPE = Recipe(epochs=1, batch_size=50)


@pytest.fixture
def spec(tmp_path):
    """One tiny teacher, one tiny student, and an experiment that selects by its own results."""

    def reproduce(study):
        experiments.train_teacher(study, "tiny")
        experiments.tune(study, "tinier", "tiny", [1, 4], [0.9, 0.5])

    return StudySpec(
        folder=tmp_path / "committed",
        teachers={"tiny": ModelSpec("mlp", RECIPE, "tiny", {"width": 8})},
        students={"tinier": ModelSpec("mlp", RECIPE, "tinier", {"width": 4})},
        steps={"all": reproduce},
    )


def dry_run(spec, data, **options):
    notes = DryRun()
    spec.steps["all"](notes.study(Study(spec, data, **options)))
    return notes


@pytest.mark.usefixtures("eager")
@pytest.mark.slow
def test_dry_run_lists_what_is_trained(spec, few, monkeypatch, tmp_path):
    with monkeypatch.context() as patched:
        patched.setattr(keras.Model, "fit", no_fit)
        before = dry_run(spec, few)
    assert not before.finished and not (spec.folder / "results").exists()
    study = Study(spec, few)
    spec.steps["all"](study)
    files = list((spec.folder / "results").glob("*.json"))
    assert sum(len(training.members) for training in before.trainings) == len(files) == 1 + 5
    # teacher; baseline and two temperatures; second alpha; control
    assert [len(training.members) for training in before.trainings] == [1, 3, 1, 1]
    assert list(before.pending_logits.values()) == [
        (few, study.teacher("tiny"), views.get("plain"))
    ]
    shutil.rmtree(spec.folder / "teachers")  # finished students need no logits
    with monkeypatch.context() as patched:
        for method in ("fit", "predict"):
            patched.setattr(keras.Model, method, no_fit)
        spec.steps["all"](study)
    after = dry_run(spec, few)
    assert (
        after.trainings == []
        and not after.pending_logits
        and after.finished == {file.stem for file in files}
    )
    assert time_estimates.plan(after.finished, after.trainings) == [
        "6 runs finished, 0 runs to be trained"
    ]
    elsewhere = dry_run(spec, few, output_dir=tmp_path / "new", retrain=True)
    assert not elsewhere.finished and len(elsewhere.trainings) == 4


def test_dry_run_refuses_logits_that_cannot_be_computed(spec, few, monkeypatch):
    study = Study(spec, few)
    run = study.teacher("tiny")
    study.train([run])
    with monkeypatch.context() as patched:
        usage = shutil.disk_usage(".")
        patched.setattr(shutil, "disk_usage", lambda folder: usage._replace(free=0))
        with pytest.raises(ValueError, match="has 0 GB free"):
            dry_run(spec, few)
    records.find_weights(spec.folder, run).unlink()
    with pytest.raises(ValueError, match=r"has the record of .* but not its weights"):
        dry_run(spec, few)


def test_logits_without_students_are_listed(spec, few):
    notes = DryRun()
    study = notes.study(Study(spec, few))
    study.logits("tiny", view_set="mnist_jitter")
    pending = (few, study.teacher("tiny"), views.get("mnist_jitter"))
    assert list(notes.pending_logits.values()) == [pending]
    lines = time_estimates.plan(set(), [], notes.pending_logits.values())
    assert lines[0].startswith("0 runs finished, 0 runs to be trained, about ")
    assert lines[1].startswith("  logits of mlp on mnist in 25 views of each training image: ")


def test_dummy_records_and_logits(spec, few):
    notes = DryRun()
    study = notes.study(Study(spec, few))
    logits = study.logits("tiny")
    assert logits.identity.startswith(study.teacher("tiny").name)
    targets = logits.targets("train", few.train.images, "mnist_jitter")
    assert targets.take(np.array([3, 99]), np.array([0, 24])).tolist() == [[0.0] * 10] * 2
    settings = {"logits": logits, "distillation": Distillation(1, alpha=1)}
    (record,) = study.train([study.student("tinier", **settings)], logits=[logits])
    assert record["test"]["errors"] == np.sum(few.test.labels != 0)  # it always predicts 0
    assert study.model(study.student("tinier")).name == "mlp"
    trainval = study.replaced(dataset=few.trainval())
    trainval.train([trainval.student("tinier", seed=5)])
    noted = notes.trainings
    assert [training.dataset.name for training in noted] == ["mnist", "mnist", "mnist_all"]
    assert [[run.model for run in training.members] for training in noted] == [["mlp"]] * 3


def test_epochs_in_a_checkpoint_count_as_trained(tiny_run, few, tmp_path):
    runs = [tiny_run({"epochs": 3}, options={"width": width}) for width in (4, 8, 16)]
    training.run(runs[:1], few, output_dir=tmp_path)
    with pytest.raises(KeyboardInterrupt):
        training.run(runs[:2], few, output_dir=tmp_path, callbacks=[InterruptBefore(2)])
    notes = DryRun()
    notes.run(runs, few, output_dir=tmp_path, read_dirs=[], teachers=[])
    noted = [(training.members, training.trained_epochs) for training in notes.trainings]
    assert noted == [([runs[1]], 2), ([runs[2]], 0)]


def test_one_run_is_trained_although_another_cannot_be(spec, few):
    def impossible(study):
        study.train([dataclasses.replace(study.teacher("tiny"), dataset="other")])

    def possible(study):
        study.train([study.teacher("tiny")])

    both = dataclasses.replace(spec, steps={"impossible": impossible, "possible": possible})
    name = Study(spec, few).teacher("tiny").name
    record = one_run.train_one(Study(both, few), name)
    assert f"{record['run']}-seed{record['seed']}" == name
    with pytest.raises(ValueError, match="other"):
        impossible(DryRun().study(Study(both, few)))


def test_run_seconds_count_every_batch_and_checkpoint(few, tiny_run):
    step_times = step_timing.StepTimes(train=2.0, predict=10.0, checkpoint=0.25)
    run = tiny_run({"epochs": 3, "batch_size": 40}, seed=0)
    # 2 batches of 40 in 100 images; one of predictions per validation and one for test
    assert time_estimates.run_seconds(run, few, step_times) == 3 * 2 * 2 + (3 + 1) * 10 + 0.75
    assert time_estimates.run_seconds(run, few, step_times, 2) == 1 * 2 * 2 + (1 + 1) * 10 + 0.25
    fifth = TransferSet(share=0.2)
    count = len(fifth.select(few.train.labels))
    assert 20 <= count <= 25 and 100 // count >= 4  # validated after the last of 3 epochs only
    run = tiny_run({"epochs": 3, "batch_size": 40}, transfer_set=fifth)
    assert time_estimates.run_seconds(run, few, step_times) == 3 * 1 * 2 + (1 + 1) * 10 + 0.75


def test_measure(few, tiny_run):
    run = tiny_run(teacher="mnist-cnn-0-seed0@0", temperature=1, alpha=0.5)
    step_times = step_timing.measure(run, few)
    assert 0 < step_times.train < 5 and 0 < step_times.predict < 25
    assert 0 < step_times.checkpoint < 5


def test_measure_of_dispatches_on_a_gpu(few, tiny_run, monkeypatch):
    monkeypatch.setattr(hardware, "gpu_memory", lambda: 10**9)
    dispatches, fit = [], OnDeviceModel.fit

    def record_and_fit(self, data, **options):
        dispatches.append(self.steps_per_dispatch)
        return fit(self, data, **options)

    monkeypatch.setattr(OnDeviceModel, "fit", record_and_fit)
    calls = []
    run = tiny_run({"batch_size": 10}, transfer_set=TransferSet(share=0.8))
    step_times = step_timing.measure(run, few, lambda: calls.append(1))
    steps = len(run.transfer_set.select(few.train.labels)) // 10
    assert 7 <= steps <= 8 and dispatches == [steps]
    assert len(calls) == 2 * (1 + step_timing.TIMED)  # training and predictions
    assert 0 < step_times.train < 5 and 0 < step_times.predict < 25
    assert 0 < step_times.checkpoint < 5


def test_plan_adds_seconds_of_all_runs(few, tiny_run, monkeypatch):
    seconds = {16: 100.0, 32: 300.0}  # a batch, by width
    width = lambda run: run.configuration["options"]["width"]  # noqa: E731
    monkeypatch.setattr(
        step_timing,
        "measure",
        lambda run, data, on_batch: step_timing.StepTimes(seconds[width(run)], 0.0, 0.0),
    )
    small, large = tiny_run({"epochs": 1}), tiny_run({"epochs": 1}, options={"width": 32})
    trainings = [[small, tiny_run({"epochs": 1}, seed=1)], [small, large], [large]]
    head, *rows = time_estimates.plan({"a"}, [Training(members, few) for members in trainings])
    batches = 100 // 25
    assert head.startswith(
        f"1 run finished, 5 runs to be trained, about {900 * batches / 60:.0f} min on "
    )
    assert rows == [
        "  mlp width 16, 1 epoch: 2 trainings of 3 runs, about 20 min",
        "  mlp width 32, 1 epoch: 2 trainings of 2 runs, about 40 min",
    ]


def test_plan_times_networks_of_one_name_apart_and_tells_the_precision(few, tiny_run, monkeypatch):
    monkeypatch.setattr(hardware, "has_bfloat16", lambda: False)
    monkeypatch.setattr(hardware, "processor", lambda: "a CPU of 2015")
    timed = []
    monkeypatch.setattr(
        step_timing,
        "measure",
        lambda run, data, on_batch: timed.append(run) or step_timing.StepTimes(1.0, 0.0, 0.0),
    )
    runs = [
        tiny_run({"epochs": 1, "precision": "mixed_bfloat16"}),
        dataclasses.replace(tiny_run({"epochs": 1}), architecture="a"),
        dataclasses.replace(tiny_run({"epochs": 1}), architecture="b"),
        tiny_run({"epochs": 1, "augmentation": "affine", "views": "plain"}),
    ]
    plan = time_estimates.plan({}, [Training([run], few) for run in runs])
    assert timed == runs
    assert plan[-1].endswith("no bfloat16 instructions are listed for a CPU of 2015")


def test_plan_lists_missing_logits(few, tiny_run, monkeypatch):
    monkeypatch.setattr(
        step_timing, "measure", lambda run, data, on_batch: step_timing.StepTimes(1.0, 600.0, 0.0)
    )
    trained, finished = tiny_run(), tiny_run(options={"width": 8})
    pending = [(few, trained, views.get("mnist_jitter", 1)), (few, finished, "plain")]
    head, *_, first, second = time_estimates.plan({}, [Training([trained], few)], pending)
    # 2 epochs of 4 batches; 600 s of predictions per validation and test; 360 s of logits
    assert ", 1 run to be trained, about 36 min on " in head
    # 300 times ten float16 and a key, 100 times a view number
    size = "logits of mlp on mnist in 1 view of each training image: 8.5e-06 GB, 300 predictions"
    assert first == f"  {size}, about 6 min"
    assert second.startswith("  logits of mlp on mnist in 1 view of each training image: 8.4e-06")
    assert second.endswith("about 1 s")  # timed here


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (89, "89 s"), (91, "2 min"), (5399, "90 min"), (9000, "2.5 h")],
)
def test_format_duration(seconds, words):
    assert time_estimates.format_duration(seconds) == f"about {words}"


def test_dry_run_command_trains_nothing(mnist_dir, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(keras.Model, "fit", no_fit)
    monkeypatch.setattr(
        step_timing, "measure", lambda run, data, on_batch: step_timing.StepTimes(0.01, 0.01, 0.0)
    )
    options = ["--limit", "400", "--epochs", "1", "--data-dir", str(mnist_dir), "--retrain"]
    options += ["--output-dir", str(tmp_path), "--seeds", "0"]
    cli.main("mnist", ["reproduce", "--dry-run", *options])
    _, *lines = capfd.readouterr().out.split("\n")  # after the progress bar
    assert lines[0].startswith("0 runs finished, ") and "cnn, 1 epoch" in lines[1]
    assert not list(tmp_path.glob("results/*"))


@pytest.mark.parametrize(
    ("sampled", "views_each", "predictions"), [(0, 25, "2,700"), (3, 3, "500")]
)
def test_describe_logits(few, tiny_run, sampled, views_each, predictions):
    view_set = views.get("mnist_jitter", sampled)
    sentence = time_estimates.describe_logits(few, tiny_run(), view_set)
    assert f"in {views_each} views of each training image: " in sentence  # and 200 other images
    assert f", {predictions} predictions, about " in sentence


def test_dry_run_of_a_teacher_writes_nothing(mnist_dir, tmp_path, capfd):
    options = ["--data-dir", str(mnist_dir), "--output-dir", str(tmp_path), "--limit", "50"]
    cli.main("mnist", ["teacher", "cnn", "--views", "mnist_jitter", "--dry-run", *options])
    printed = capfd.readouterr().out
    assert "logits of cnn on mnist in 25 views" in printed
    assert "cnn, 6 epochs: 5 trainings of 5 runs, about" in printed
    assert not list(tmp_path.iterdir())
    for wrong, sentence in (
        (["--views", "jitter"], "unknown view set"),
        (["--views-per-image", "2"], "cannot sample 2"),
    ):
        with pytest.raises(SystemExit, match=sentence):
            cli.main("mnist", ["teacher", "cnn", *wrong, *options])


def test_dry_run_of_a_student_writes_nothing(mnist_dir, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(keras.Model, "fit", no_fit)
    options = ["--data-dir", str(mnist_dir), "--output-dir", str(tmp_path), "--limit", "50"]
    options += ["--teacher", "cnn", "--student", "mlp", "--seeds", "0", "1", "--epochs", "1"]
    cli.main("mnist", ["distill", "--temperature", "2", "4", "--dry-run", *options])
    printed = capfd.readouterr().out
    # side by side per seed: baseline, a distilled student at each temperature, one control
    assert "mlp, 1 epoch: 2 trainings of 8 runs, about" in printed
    options += ["--teacher", str(tmp_path / "own.keras")]
    (tmp_path / "own.keras").touch()
    cli.main("mnist", ["distill", "--temperature", "2", "4", "--dry-run", *options])
    printed = capfd.readouterr().out
    assert "own.keras is not read: the time of its logits of " in printed
    assert "mlp, 1 epoch: 2 trainings of 8 runs, about" in printed
    assert "logits of cnn" not in printed
    assert [path.name for path in tmp_path.iterdir()] == ["own.keras"]


def test_former_options_work_and_print_their_new_names(mnist_dir, tmp_path, capfd):
    options = ["--data-dir", str(mnist_dir), "--output-dir", str(tmp_path), "--limit", "50"]
    former = ["--views", "mnist_jitter", "--sampled", "3", "--plan"]
    cli.main("mnist", ["teacher", "cnn", *former, *options])
    out, err = capfd.readouterr()
    assert "in 3 views of each training image" in out and not list(tmp_path.iterdir())
    assert "--plan is now called --dry-run" in err
    assert "--sampled is now called --views-per-image" in err


@pytest.mark.usefixtures("eager")
def test_former_steps_work_and_print_their_new_names(cifar_dir, tmp_path, capfd):
    options = ["--data-dir", str(cifar_dir), "--output-dir", str(tmp_path), "--limit", "130"]
    cli.main("cifar100", ["reproduce", "longer", "--epochs", "1", "--dry-run", *options])
    out, err = capfd.readouterr()
    assert "longer is now called twenty_epochs" in err and "runs to be trained" in out
