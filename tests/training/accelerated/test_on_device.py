"""Data in GPU memory: the same batches and final weights as from the host."""

import types

import numpy as np
import pytest

from common import teachers, training
from common.backend import hardware
from common.data import views
from common.runs import Recipe, records
from common.side_by_side import SideBySide
from common.teachers.online import OnlineTeacher
from common.training.accelerated import multi_step, on_device
from common.training.batches import Batches
from common.training.fit import Progress
from common.training.job import TrainingJob
from tests.support.helpers import weights

RECIPES = {
    "plain": {"batch_size": 30},
    "all views": {"batch_size": 30, "views": "mnist_jitter", "weight_decay": 1e-3},
    "sampled views": {"batch_size": 30, "views": "mnist_jitter", "views_per_image": 3},
}


@pytest.fixture
def logits_for(few, teacher_model, tmp_path):
    """Function that makes the teacher's logits for a recipe's views."""

    def make(recipe):
        view_set = views.get(recipe.get("views", "plain"), recipe.get("views_per_image", 0))
        return teachers.make(tmp_path / "t", teacher_model, few, "mnist-mlp-0-seed7", view_set)

    return make


def members(tiny_run, logits, recipe, controls=("shuffled", "permuted")):
    """A distilled student and controls: with other rows, and with permuted columns."""
    settings = {"teacher": logits.identity, "temperature": 4, "alpha": 0.9}
    dropout = {"width": 16, "dropout": 0.3}
    return [
        tiny_run(recipe, options=dropout, **settings, control=control)
        for control in (None, *controls)
    ]


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_batches_are_those_of_the_host(tiny_run, few, logits_for, recipe):
    logits = logits_for(recipe)
    job = TrainingJob(members(tiny_run, logits, recipe), few, {logits.identity: logits})
    students = on_device.OnDeviceModel(job.model, job.batches)
    indices = on_device.Indices(job.batches)
    assert len(indices) == len(job.batches) == 3
    job.batches.set_epoch(1)
    for index in range(3):
        images, targets = job.batches[index]
        (batch,) = indices[index]
        assert batch["indices"].nbytes == 8 * 30
        np.testing.assert_array_equal(students._images(batch), images)
        looked_up = students._targets(batch)
        assert looked_up.keys() == targets.keys() and len(targets) == 4
        for name, values in targets.items():
            np.testing.assert_array_equal(looked_up[name], values)
    shared = {id(variable) for variable in students.logits.values()}
    assert len(students.logits) == 3 and len(shared) == 1  # the controls share the array


def test_too_many_pixels_for_an_index_stay_on_the_host(monkeypatch):
    monkeypatch.setattr(hardware, "gpu_memory", lambda: 10**12)
    images = np.broadcast_to(np.uint8(0), (2**15, 2**8, 2**8, 1))  # takes no memory
    labels = np.broadcast_to(np.int32(0), len(images))
    split = types.SimpleNamespace(images=images, labels=labels)
    batches = types.SimpleNamespace(split=split, targets={})
    students = object()
    assert on_device.place_on_device(students, batches) == (students, batches)


def on_a_gpu(monkeypatch):
    """Pretend that the processor is a GPU; 2 steps per dispatch do not divide 3 batches."""
    used = []
    monkeypatch.setattr(hardware, "gpu_memory", lambda: 10**9)
    monkeypatch.setattr(multi_step, "choose_steps_per_dispatch", lambda steps: 2)
    fit = on_device.OnDeviceModel.fit
    monkeypatch.setattr(
        on_device.OnDeviceModel,
        "fit",
        lambda self, *a, **o: used.append(self) or fit(self, *a, **o),
    )
    return used


@pytest.mark.parametrize("kind", ["sampled views", "augmented"])
def test_training_ends_with_the_weights_of_the_host(
    tiny_run, few, logits_for, teacher_model, tmp_path, monkeypatch, kind
):
    recipe = RECIPES.get(kind, {"batch_size": 30, "augmentation": "affine"})
    if kind in RECIPES:
        logits = logits_for(recipe)
    else:
        logits = OnlineTeacher(teacher_model, "mnist-mlp-0-seed7")
    runs = members(tiny_run, logits, recipe, ("shuffled",))
    host = training.run(runs, few, output_dir=tmp_path / "host", teachers=[logits])
    used = on_a_gpu(monkeypatch)
    device = training.run(runs, few, output_dir=tmp_path / "device", teachers=[logits])
    assert len(used) == 1
    for run, first, second in zip(runs, host, device, strict=True):
        for curve in ("loss", "accuracy", "val_loss", "val_accuracy"):
            assert first["curve"][curve] == pytest.approx(second["curve"][curve], rel=1e-5)
        paths = [records.weights_path(tmp_path / name, run) for name in ("host", "device")]
        first, second = (weights(path) for path in paths)
        for name in first:
            np.testing.assert_allclose(first[name], second[name], atol=1e-6, err_msg=name)


def test_progress_bar_counts_every_step(tiny_run, few, tmp_path, monkeypatch, capsys):
    on_a_gpu(monkeypatch)
    training.run([tiny_run({"batch_size": 30})], few, output_dir=tmp_path)
    assert "6/6 steps" in capsys.readouterr().out


def test_progress_bar_counts_steps_of_dispatches(capsys):
    progress = Progress("of 7 steps", 0, 1, 7)
    progress.set_params({"steps": 3})  # of 3, 3 and 1
    progress.on_epoch_begin(0)
    counts = []
    for batch in range(3):
        progress.on_train_batch_end(batch)
        counts.append(progress.line.n)
    progress.on_train_end()
    assert counts == [2, 5, 7]


def test_data_stay_on_the_host_without_gpu_memory(few, monkeypatch):
    batches = Batches(few.train, {}, Recipe(batch_size=30), 0)
    students = SideBySide.__new__(SideBySide)
    assert hardware.gpu_memory() == 0
    assert on_device.place_on_device(students, batches) == (students, batches)
    assert on_device.nbytes(batches) == 100 * 28 * 28 + 100 * 4
    monkeypatch.setattr(hardware, "gpu_memory", lambda: 150_000)
    assert on_device.place_on_device(students, batches) == (students, batches)


def test_saved_weights_are_the_students_without_the_data(tiny_run, few, logits, tmp_path):
    job = TrainingJob(members(tiny_run, logits, RECIPES["plain"]), few, {logits.identity: logits})
    students = on_device.OnDeviceModel(job.model, job.batches)
    assert sum(w.size for w in students.get_weights()) < few.train.images.size
    students.save_weights(tmp_path / "it.weights.h5")
    before = job.model.get_weights()
    students.set_weights([0 * weight for weight in before])
    assert not any(np.any(weight) for weight in job.model.get_weights())
    students.load_weights(tmp_path / "it.weights.h5")
    for loaded, saved in zip(job.model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(loaded, saved)
