"""Distillation benchmark: ratios, saved rows, contenders, and each row from end to end."""

import argparse
import dataclasses
import importlib.util
import itertools
import subprocess
import sys

import numpy as np
import pytest

from common import losses
from common.backend import keras
from common.benchmark import __main__ as command
from common.benchmark import (
    components,
    distillation,
    epoch_times,
    gpu_rows,
    keras_contenders,
    memory,
    method_times,
    tables,
    tasks,
    timing,
)
from common.benchmark.rows import Row
from common.runs import provenance
from common.training import data_checks
from tests.support.helpers import needs_torch

TINY = dataclasses.replace(
    tasks.MNIST, teacher="resnet8", batch_size=8, steps=2, student_options={"width": 0.1}
)


def test_cells_of_a_row():
    ours, theirs = [1, 2, 4], [20, 30, 80]
    cells = Row("x", ours, theirs, "s", "times", "a").cells()
    assert cells == ("x", "2.0 s", "30.0 s", "20.0 times as fast", "a")
    assert Row("x", [10.4, 21, 9], [10, 20, 10], "GB", "more").cells()[3] == "+4 %"
    assert Row("x", [9.99], [10], "s", "more").cells()[3] == "+0 %"
    assert Row("x", [9, 10, 7], [1, 8, 9], "s", "difference").cells()[3] == "+2.0 s"
    rates = [90, 95, 99], [100, 100, 100]
    share = Row("x", *rates, "images/s", "share").cells()
    assert share[1:4] == ("95 images/s", "100 images/s", "95 %")
    assert Row("x", theirs, ours, "images/s", "times").cells()[3] == "20.0 times as fast"


def test_the_newest_rows_of_each_machine_are_saved(tmp_path):
    def measure(device, seconds, *whats):
        versions = {"keras": "3", "jax": "0.1", "python": "3.12"}
        provenance = {"device": device, "backend": "jax", "versions": versions, "repeats": 2}
        rows = [Row(what, seconds, [8, 8], "s", "times", "aim") for what in whats]
        tables.save(provenance, rows, tmp_path)

    measure("A", [1, 1], "epoch")
    measure("B", [2, 2], "epoch", "start")
    measure("A", [4, 4], "epoch")
    measure("B", [8, 8], "start")
    assert tables.timing_tables(tables.FILE, tmp_path).splitlines() == [
        "| B, keras 3, jax 0.1, medians of 2 | ours | theirs | ratio | aim |",
        "| --- | ---: | ---: | ---: | ---: |",
        "| epoch | 2.0 s | 8.0 s | 4.0 times as fast | aim |",
        "",
        "| A, keras 3, jax 0.1, medians of 2 | ours | theirs | ratio | aim |",
        "| --- | ---: | ---: | ---: | ---: |",
        "| epoch | 4.0 s | 8.0 s | 2.0 times as fast | aim |",
        "",
        "| B, keras 3, jax 0.1, medians of 2 | ours | theirs | ratio | aim |",
        "| --- | ---: | ---: | ---: | ---: |",
        "| start | 8.0 s | 8.0 s | 1.0 times as fast | aim |",
    ]


def test_step_times_of_methods_are_the_newest_saved(tmp_path):
    assert tables.step_times(tmp_path) is None
    for seconds in ([2, 2], [1.03, 1.01]):
        rows = [Row("cnn distilled by dkd, against kd", seconds, [1, 1], "s", "more")]
        versions = {"keras": "3", "python": "3.12"}
        where = {"device": "A", "backend": "jax", "versions": versions, "repeats": 2}
        tables.save(where, rows, tmp_path)
    assert tables.step_times(tmp_path) == {"dkd": "+2 %"}


def test_saved_rows_name_machine_and_settings(monkeypatch):
    rows, calls = [Row("epoch", [1.0], [8.0], "s", "times")], []
    monkeypatch.setitem(distillation.PARTS, "start", lambda options: rows)
    monkeypatch.setattr(tables, "save", lambda *arguments: calls.append(arguments))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(provenance, "git_commit", lambda: "0123456789")
    command.main(["distillation", "start", "--repeats", "2", "--write"])
    command.main(["distillation", "start", "--repeats", "2"])
    ((saved_provenance, saved_rows),) = calls
    assert saved_rows == rows
    expected = provenance.environment() | {"repeats": 2, "steps": tasks.MNIST.steps}
    assert saved_provenance == expected and "torch" not in saved_provenance["versions"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--small", "--write"], "its times are not saved"),
        (["peer"], "unknown part 'peer': did you mean peers"),
    ],
)
def test_bad_arguments_are_refused(arguments, sentence, capsys):
    with pytest.raises(SystemExit):
        command.main(["distillation", *arguments])
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(("unit", "shown"), [("MB", "times"), ("s", "faster")])
def test_unknown_units_and_ratios(unit, shown):
    with pytest.raises(ValueError, match="unknown"):
        Row("x", [1], [2], unit, shown)


def test_peak_memory_is_of_the_process_not_of_its_parent():
    array = np.ones(50_000_000)  # 400 MB
    program = "from common.benchmark import memory; print(memory.peak())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert 1_000_000 < int(done.stdout) < array.nbytes
    assert memory.peak() > array.nbytes


def test_seconds_are_scaled_to_a_full_epoch(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)  # no PyTorch
    monkeypatch.setattr(
        keras_contenders, "ours", lambda task, dataset, temperatures: len(temperatures)
    )
    monkeypatch.setattr(keras_contenders, "plain", keras_contenders.ours)
    monkeypatch.setattr(keras_contenders, "distiller", lambda task, dataset, jit: 40)
    monkeypatch.setattr(
        timing, "interleaved", lambda calls, repeats: {k: [v] for k, v in calls.items()}
    )
    long = 50_000 / (epoch_times.LONGER * TINY.images)
    epoch, five = epoch_times.online_contenders(TINY, 1)
    assert epoch.cells()[1:3] == (f"{long:.1f} s", f"{40 * 50_000 / TINY.images:.1f} s")
    assert epoch.cells()[3] == five.cells()[3] == f"{40 * epoch_times.LONGER:.1f} times as fast"
    assert [row.cells()[3] for row in epoch_times.overhead(TINY, 1)] == ["+0 %", "+0 %"]


def test_logits_of_an_untrained_teacher_fit_float16():
    task = dataclasses.replace(TINY, teacher="resnet110")
    images = task.dataset().train.images[:2]
    assert np.asarray(task.teacher_model()(images)).tolist() == [[0.0] * 10] * 2


def test_data_and_runs_of_a_task():
    task = dataclasses.replace(tasks.CIFAR, batch_size=8, steps=3)
    dataset = task.dataset()
    assert dataset.train.images.shape == (24, 32, 32, 3) and dataset.classes == 100
    settings = [(run.settings.temperature, run.settings.alpha) for run in task.runs([1.0, 4.0])]
    assert settings == [(1.0, 0.9), (4.0, 0.9)]
    np.testing.assert_array_equal(dataset.train.images, task.dataset().train.images)


def test_random_logits_give_no_warning(recwarn):
    task = dataclasses.replace(tasks.MNIST, teacher="resnet8", steps=8, batch_size=100)
    dataset = task.dataset()
    logits = tasks.RandomLogits(task, dataset.train.labels)
    data_checks.check_logits(
        logits.targets("train", dataset.train.images), dataset.train.labels, "logits"
    )
    assert not recwarn.list


@needs_torch
def test_the_pytorch_loop_has_the_same_soft_target_loss(random_logits):
    import torch

    from common.benchmark import torch_contenders

    student, teacher = random_logits(16), random_logits(16, 1)
    theirs = torch_contenders._soft_loss(torch.from_numpy(student), torch.from_numpy(teacher))
    ours = losses.distillation_loss(student, teacher, torch_contenders.TEMPERATURE)
    assert np.asarray(ours).mean() == pytest.approx(theirs.item(), rel=1e-5)


@needs_torch
def test_the_pytorch_loop_trains_only_the_student(monkeypatch):
    from common.benchmark import torch_contenders

    nets, on_device = [], torch_contenders._on_device
    monkeypatch.setattr(
        torch_contenders, "_on_device", lambda *args: nets.append(on_device(*args)) or nets[-1]
    )
    epoch = torch_contenders.epoch(TINY, TINY.dataset())
    before = [_state(net) for net in nets]
    epoch()
    (teacher, student), after = nets, [_state(net) for net in nets]
    assert not teacher.training and student.training
    np.testing.assert_equal(after[0], before[0])  # running means too
    assert all((after[1][name] != value).any() for name, value in _trainable(student, before[1]))


def _state(net):
    return {name: value.numpy().copy() for name, value in net.state_dict().items()}


def _trainable(net, state):
    return [(name, state[name]) for name, _ in net.named_parameters()]


@pytest.mark.parametrize("option", ["--repeats", "--steps"])
def test_counts_below_one_are_refused(option, capsys):
    with pytest.raises(SystemExit):
        command.main(["distillation", option, "0"])
    assert "must be a whole number of at least 1" in capsys.readouterr().err


@pytest.mark.slow
def test_rows_from_end_to_end(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)  # no PyTorch
    monkeypatch.setattr(losses, "LOSSES", {name: losses.LOSSES[name] for name in ("kd", "dist")})
    monkeypatch.setattr(gpu_rows, "TEMPERATURES", (1.0, 4.0))
    monkeypatch.setattr(gpu_rows, "SMALL", gpu_rows.SMALL | {"student": "mlp"})  # quick to trace
    small = argparse.Namespace(small=True, repeats=1)
    rows = [
        *method_times.methods(TINY, 1),
        *components.stack(TINY, (1.0, 4.0), 1),
        *components.logits_file(TINY, 1),
        *itertools.islice(gpu_rows.views(small), 1),
        *itertools.islice(gpu_rows.paths(small), 2),
        *gpu_rows.side_by_side(small),
    ]
    assert keras.config.dtype_policy().name == "float32"  # that of the next network
    names = [row.what.split()[0] for row in rows]
    assert names == ["cnn", "2", *2 * ["two-layer"], "logits", *3 * ["mlp"], "five"]
    for _, *cells, _ in (row.cells() for row in rows[2:]):
        assert all(float(cell.split()[0].strip("%")) > 0 for cell in cells)
