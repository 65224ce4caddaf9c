"""Stacked students: the same losses and weights as students side by side."""

import dataclasses

import keras
import numpy as np
import pytest

from common import data, models, training
from common.backend import hardware
from common.distillation import MULTI_LABEL
from common.losses import LOSSES
from common.runs import model_io, records
from common.runs.model_io import load_model
from common.side_by_side import SideBySide, Student
from common.training import checkpoints, job, trainer
from common.training.accelerated import stacked

MNIST = data.CATALOGUE["mnist"]
SETTINGS = {"baseline": (1, 0), "T4": (4, 0.9), "T20": (20, 0.5)}
OPTIMIZERS = {
    "adam": lambda: keras.optimizers.Adam(1e-2),
    "sgd": lambda: keras.optimizers.SGD(1e-2, momentum=0.9, nesterov=True),
}


def students(model="mlp", **options):
    options = (options or {"width": 16}) | {"pixel_statistics": MNIST.pixel_statistics}
    return {
        name: Student(models.build(model, (28, 28, 1), 10, seed=3, **options), *setting)
        for name, setting in SETTINGS.items()
    }


def trained(kind, few, teacher, optimizer):
    """(model, history) of three students, of class `kind`."""
    model = kind(students(), weight_decay=1e-3)
    model.compile(optimizer())
    targets = {"labels": few.train.labels, "teacher": teacher}
    options = {"batch_size": 25, "epochs": 3, "shuffle": False, "verbose": 0}
    history = model.fit(few.train.images, targets, **options).history
    model.sync_weights()
    return model, history


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_stack_ends_with_the_weights_of_students_side_by_side(few, random_logits, optimizer):
    stack, history = trained(stacked.StackedStudents, few, random_logits(100), optimizer)
    separate, expected = trained(SideBySide, few, random_logits(100), optimizer)
    for name in SETTINGS:
        pairs = zip(stack.models[name].weights, separate.models[name].weights, strict=True)
        for weight, other in pairs:
            np.testing.assert_allclose(np.asarray(weight), np.asarray(other), atol=1e-4)
        assert history[f"{name}_accuracy"] == pytest.approx(expected[f"{name}_accuracy"], abs=1e-6)
        assert history[f"{name}_loss"] == pytest.approx(expected[f"{name}_loss"], rel=1e-4)
    moments = [np.asarray(v) for v in stack.optimizer.variables if np.ndim(v) > 1]
    others = [np.asarray(v) for v in separate.optimizer.variables if np.ndim(v)]
    joined = np.concatenate([moment.ravel() for moment in moments])
    assert joined.size == sum(other.size for other in others)
    others = np.concatenate([other.ravel() for other in others])
    np.testing.assert_allclose(np.sort(joined), np.sort(others), atol=1e-4)


@pytest.mark.parametrize(
    "settings",
    [
        SETTINGS,
        SETTINGS | {"T300": (300, 1), "T2": (2, 1)},
        {"baseline": (1, 0), "another baseline": (1, 0)},
        {"baseline": (1, 0)}
        | {
            name: (2, None, "teacher", False, name, 1, 2)
            for name in LOSSES
            if name not in MULTI_LABEL
        },
    ],
    ids=["usual temperatures", "high temperature", "labels only", "methods"],
)
@pytest.mark.parametrize("shuffled", [False, True])
def test_losses_of_a_stack_are_those_of_each_student(random_logits, settings, shuffled):
    def model():
        return models.build("mlp", (28, 28, 1), 10, width=2)

    labels = np.arange(30) % 10
    targets = {"labels": labels, "teacher": random_logits(30, 99)}
    each = {
        name: dataclasses.replace(Student(model(), *setting), shuffled=shuffled)
        for name, setting in settings.items()
    }
    logits = {name: keras.ops.array(random_logits(30, k)) for k, name in enumerate(each)}
    stack = stacked.StackedStudents(each)
    total = stack.total_loss(logits, targets, training=True)
    expected = {name: float(each[name].loss(logits[name], targets)) for name in each}
    assert float(total) == pytest.approx(sum(expected.values()), rel=1e-5)
    for name, loss in expected.items():
        assert float(stack.loss_trackers[name].result()) == pytest.approx(loss, rel=1e-5)
        accuracy = np.mean(np.argmax(logits[name], axis=1) == labels)
        assert float(stack.accuracy_trackers[name].result()) == pytest.approx(accuracy)


def test_clipnorm_is_refused():
    with pytest.raises(ValueError, match="clipnorm would mix the students of a stack"):
        stacked.StackedStudents(students()).compile(keras.optimizers.SGD(clipnorm=1.0))


@pytest.mark.slow
def test_losses_agree_after_eighty_steps(few, random_logits):
    """Weights may differ: rounding may flip a ReLU, which changes Adam's step.

    After 110 steps the losses swing from epoch to epoch, and rounding then moves them too.
    """

    def losses(kind):
        model = kind(students(width=128))
        model.compile(keras.optimizers.Adam(1e-3))
        targets = {"labels": few.train.labels, "teacher": random_logits(100)}
        options = {"batch_size": 20, "epochs": 16, "shuffle": False, "verbose": 0}
        history = model.fit(few.train.images, targets, **options).history
        return {name: history[f"{name}_loss"] for name in SETTINGS}

    stack, separate = losses(stacked.StackedStudents), losses(SideBySide)
    for name in SETTINGS:
        np.testing.assert_allclose(stack[name], separate[name], rtol=2e-3, atol=2e-3, err_msg=name)


def test_stackable():
    assert stacked.stackable(students())
    assert not stacked.stackable(students("cnn", width=0.1))
    assert not stacked.stackable(students(width=16, dropout=0.5))
    mixed = students() | {"wider": Student(models.build("mlp", (28, 28, 1), 10, width=8), 1, 0)}
    assert not stacked.stackable(mixed)
    with pytest.raises(ValueError, match="only dense networks of one architecture"):
        stacked.StackedStudents(mixed)
    flatten_between = keras.Sequential(
        [keras.Input((4, 3)), keras.layers.Dense(2), keras.layers.Flatten(), keras.layers.Dense(5)]
    )
    assert not stacked.stackable({"flatten between": Student(flatten_between, 1, 0)})


@pytest.mark.parametrize(
    "options", [{}, {"width": 8}, {"dropout": 0.5}, {"max_norm": 3.0}, {"dropout": 0.0}], ids=str
)
def test_seeds_train_together_only_if_they_can_be_stacked(few, tiny_run, monkeypatch, options):
    monkeypatch.setattr(hardware, "gpu_memory", lambda: 1)
    run = tiny_run(options=options)
    stackable = stacked.stackable({"student": Student(model_io.build_model(run, few), 1, 0)})
    assert stackable if stacked.can_stack_seeds(run) else set(options) & {"dropout", "max_norm"}
    seeds = [tiny_run(options={"dropout": 0.5}, seed=seed) for seed in (0, 1)]
    with pytest.raises(ValueError, match=r"seeds \[0, 1\] cannot train together: their networks"):
        job.TrainingJob(seeds, few, {})


def test_students_are_stacked_on_gpus_only(monkeypatch):
    assert stacked.choose(students()) is SideBySide
    monkeypatch.setattr(hardware, "gpu_memory", lambda: 10**9)
    assert stacked.choose(students()) is stacked.StackedStudents
    assert stacked.choose({"one": students()["baseline"]}) is SideBySide


@pytest.mark.parametrize("memory", [1, 10**9], ids=["data on the host", "data on the device"])
def test_seeds_in_one_stack_end_with_the_weights_of_separate_trainings(
    few, logits, tiny_run, tmp_path, monkeypatch, memory
):
    settings = {"teacher": logits.identity, "temperature": 4, "alpha": 0.9}
    kinds = ({}, settings, settings | {"control": "shuffled"})
    runs = [tiny_run(seed=seed, **kind) for seed in (5, 0) for kind in kinds]
    runs += [tiny_run(options={"width": 8}), tiny_run(options={"width": 8, "dropout": 0.5})]
    assert len(trainer.group_runs(runs)) == 2
    separate = training.run(runs, few, output_dir=tmp_path / "separate", teachers=[logits])
    monkeypatch.setattr(hardware, "gpu_memory", lambda: memory)
    assert [len(members) for members in trainer.group_runs(runs)] == [6, 1, 1]
    together = training.run(runs, few, output_dir=tmp_path, teachers=[logits])
    for run, record, other in zip(runs[:6], together, separate, strict=False):
        assert record["stacked"] and record["trained_side_by_side"] == 6
        assert record["curve"]["loss"] == pytest.approx(other["curve"]["loss"], rel=1e-4)
        assert record["curve"]["val_loss"] == pytest.approx(other["curve"]["val_loss"], rel=1e-4)
        assert record["curve"]["accuracy"] == pytest.approx(other["curve"]["accuracy"])
        assert_same_weights(run, few, tmp_path, 1e-4)


def interrupt(runs, few, folder, logits, monkeypatch):
    """Train until the first epoch's checkpoint is on disk."""
    save = checkpoints.save

    def save_and_stop(*arguments):
        save(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(checkpoints, "save", save_and_stop)
        training.run(runs, few, output_dir=folder, teachers=[logits])


@pytest.mark.slow
def test_stack_is_resumed_in_any_order_of_runs(few, logits, tiny_run, tmp_path, monkeypatch):
    settings = {"teacher": logits.identity, "temperature": 4, "alpha": 0.9}
    runs = [tiny_run(seed=seed, **kind) for seed in (0, 3) for kind in ({}, settings)]
    separate = training.run(runs, few, output_dir=tmp_path / "separate", teachers=[logits])
    monkeypatch.setattr(hardware, "gpu_memory", lambda: 1)
    interrupt(runs, few, tmp_path, logits, monkeypatch)
    reverse = training.run(runs[::-1], few, output_dir=tmp_path, teachers=[logits])
    for run, record, other in zip(runs, reverse[::-1], separate, strict=True):
        assert record["stacked"] and record["parameters"] == other["parameters"]
        assert set(record) - {"stacked"} == set(other)
        assert record["curve"]["loss"] == pytest.approx(other["curve"]["loss"], rel=1e-4)
        assert record["test"]["errors"] == other["test"]["errors"]
        assert_same_weights(run, few, tmp_path, 1e-4)
        assert records.find_weights(tmp_path, run)


def test_students_side_by_side_are_resumed_in_any_order_of_runs(
    few, logits, tiny_run, tmp_path, monkeypatch
):
    settings = {"teacher": logits.identity, "temperature": 4, "alpha": 0.9}
    runs = [tiny_run(), tiny_run(**settings)]
    training.run(runs, few, output_dir=tmp_path / "separate", teachers=[logits])
    interrupt(runs, few, tmp_path, logits, monkeypatch)
    training.run(runs[::-1], few, output_dir=tmp_path, teachers=[logits])
    for run in runs:
        assert_same_weights(run, few, tmp_path, 0)


def test_checkpoint_of_another_model_class_is_not_used(
    few, logits, tiny_run, tmp_path, monkeypatch, capsys
):
    runs = [tiny_run(), tiny_run(teacher=logits.identity, temperature=4, alpha=0.9)]
    interrupt(runs, few, tmp_path, logits, monkeypatch)
    monkeypatch.setattr(hardware, "gpu_memory", lambda: 1)
    both = training.run(runs, few, output_dir=tmp_path, teachers=[logits])
    assert all(record["stacked"] and len(record["curve"]["loss"]) == 2 for record in both)
    message = "is of a SideBySide, but this machine trains a StackedStudents: training starts again"
    assert message in capsys.readouterr().out


def assert_same_weights(run, few, folder, tolerance):
    model, other = (load_model(path, run, few) for path in (folder, folder / "separate"))
    for weight, expected in zip(model.weights, other.weights, strict=True):
        np.testing.assert_allclose(np.asarray(weight), np.asarray(expected), atol=tolerance, rtol=0)
