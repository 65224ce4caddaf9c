"""Making a logits file: in chunks, going on after a kill, with little memory, refused in time."""

import contextlib
import dataclasses
import os
import re
import shutil
import subprocess
import sys
import tracemalloc
import types

import filelock
import numpy as np
import pytest

from common import teachers, training
from common.data import views
from common.distillation import Distillation
from common.runs import Recipe, Run
from common.teachers import logits as reading
from common.teachers import resumable, writer
from common.training.batches import Batches
from common.utils import files
from tests.support import killed_making
from tests.support.killed_making import Linear, noise


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("view_set", views.VIEWS.values(), ids=lambda view_set: view_set.name)
def test_every_view_of_every_set_is_the_teachers_own_answer(tmp_path, view_set):
    data = noise(3)
    teacher = Linear(data.image_shape, 10)
    made = teachers.make(tmp_path / "t", teacher, data, "t", view_set.name, batch_size=40)
    targets = made.targets("train", data.train.images, view_set.name)
    assert targets.logits.shape == (3, view_set.count, 10)
    for view in range(view_set.count):
        exact = teacher.answer(view_set.apply(data.train.images, view))
        stored = targets.take(np.arange(3), np.full(3, view))
        np.testing.assert_allclose(stored, exact, rtol=2**-11, atol=1e-4, err_msg=f"view {view}")


@pytest.mark.parametrize("sampled", [0, 6])
@pytest.mark.parametrize("torn", [0, 7, -3])
def test_a_killed_making_goes_on_to_the_same_bytes(tmp_path, sampled, torn):
    data, batch = noise(30), {"batch_size": 40, "view_set": views.get("mnist_jitter", sampled)}
    whole = Linear(data.image_shape, 10)
    teachers.make(tmp_path / "whole", whole, data, "t", **batch)
    calls = 0
    for dies_after in (1, 0, 2, 1):
        killed = Linear(data.image_shape, 10, dies_after=dies_after)
        with pytest.raises(KeyboardInterrupt):
            teachers.make(tmp_path / "cut", killed, data, "t", **batch)
        calls += len(killed.batches)
        with pytest.raises(FileNotFoundError, match="make them first"):
            teachers.Logits(tmp_path / "cut")
        tear(tmp_path / "cut.part" / "train.npy", torn)
    rest = Linear(data.image_shape, 10)
    teachers.make(tmp_path / "cut", rest, data, "t", **batch)
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")
    assert sum(rest.batches) < sum(whole.batches)  # did not begin again
    assert [path.name for path in tmp_path.iterdir()].count("cut.part") == 0


def tear(path, many):
    """Add bytes to a file, or take some away: a kill amid a write."""
    whole = path.read_bytes()
    path.write_bytes(whole + bytes(many) if many >= 0 else whole[:many])


@pytest.mark.slow
def test_killed_again_and_again(tmp_path):
    """By kill -9, at whatever moment, until a process lives to the end."""
    command = [sys.executable, "-m", "tests.support.killed_making", str(tmp_path / "cut")]
    environment = os.environ | {"KERAS_BACKEND": "numpy"}  # quick to import
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert int(done.stdout.split()[-1]) >= 5
    killed_making.make(tmp_path / "whole")
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")


def test_killed_amid_the_writing_of_a_file(tmp_path):
    data = noise(5)
    with pytest.raises(KeyboardInterrupt):
        teachers.make(tmp_path / "cut", Linear(data.image_shape, 10, dies_after=0), data, "t")
    (tmp_path / "cut.part" / ".123-train_keys.npy").write_bytes(b"half")
    for name in ("cut", "whole"):
        teachers.make(tmp_path / name, Linear(data.image_shape, 10), data, "t")
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")


def test_killed_before_the_files_were_moved(tmp_path, monkeypatch):
    data = noise(5)
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(writer, "_move", _die)
        teachers.make(tmp_path / "t", Linear(data.image_shape, 10), data, "t")
    idle = Linear(data.image_shape, 10, dies_after=0)
    made = teachers.make(tmp_path / "t", idle, data, "t")  # nothing is asked again
    assert len(made.targets("train", data.train.images)) == 5


def _die(part, folder):
    raise KeyboardInterrupt


@pytest.mark.parametrize("change", ["teacher", "views", "images", "batch_size"])
def test_what_another_call_left_is_not_mixed_in(tmp_path, change):
    data, other = noise(30), {"batch_size": 20} if change == "batch_size" else {}
    seen = "crop_flip" if change == "views" else "mnist_jitter"
    killed = Linear(data.image_shape, 10, seed=change == "teacher", dies_after=2)
    images = noise(30, (21, 20, 3)) if change == "images" else data
    killed.weights = Linear(images.image_shape, 10, seed=change == "teacher").weights
    with pytest.raises(KeyboardInterrupt):
        settings = {"batch_size": 40} | other
        teachers.make(tmp_path / "cut", killed, images, "t", seen, **settings)
    for name in ("cut", "whole"):
        teacher = Linear(data.image_shape, 10)
        teachers.make(tmp_path / name, teacher, data, "t", "mnist_jitter", batch_size=40)
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")


def test_made_anew_over_another_file(tmp_path):
    data = noise(5)
    teachers.make(tmp_path / "t", Linear(data.image_shape, 10), data, "first")
    made = teachers.make(tmp_path / "t", Linear(data.image_shape, 10, seed=1), data, "second")
    assert made.header["teacher"] == "second"
    exact = Linear(data.image_shape, 10, seed=1).answer(data.train.images)
    stored = made.targets("train", data.train.images).unaugmented()
    np.testing.assert_allclose(stored, exact, rtol=2**-11, atol=1e-4)


def test_asked_in_batches_whatever_the_split_and_the_views(tmp_path):
    data = noise(11, (6, 6, 1))
    teacher = Linear(data.image_shape, 10)
    teachers.make(tmp_path / "t", teacher, data, "t", "mnist_jitter", batch_size=100)
    assert teacher.batches == [100, 100, 75, 10, 10]  # 25 views of 11, then validation and test


def test_two_processes_at_one_file(tmp_path):
    data = noise(5)
    (tmp_path / "t.part").mkdir()
    sentence = f"another process is making {tmp_path / 't'}: wait"
    with filelock.FileLock(tmp_path / "t.part" / "lock"), pytest.raises(ValueError, match=sentence):
        teachers.make(tmp_path / "t", Linear(data.image_shape, 10), data, "t")


def test_a_full_disk_is_told_before_anything_is_asked(tmp_path, monkeypatch):
    data, idle = noise(100), Linear((20, 20, 3), 10, dies_after=0)
    size = teachers.file_size(data, 10, "crop_flip")
    assert size == 100 * (162 * 10 * 2 + 8) + 2 * 10 * (10 * 2 + 8)
    weights = 8_000_000  # as much as may lie beside
    usage = shutil.disk_usage(tmp_path)
    free = size + weights - 1
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage._replace(free=free))
    with pytest.raises(ValueError, match=r"take 0.00833 GB, .* has 0.00833 GB free: choose"):
        teachers.make(tmp_path / "t", idle, data, "t", "crop_flip")
    killed = Linear((20, 20, 3), 10, dies_after=1)
    with pytest.raises(KeyboardInterrupt):  # a smaller file finds room
        teachers.make(tmp_path / "t", killed, data, "t", "mnist_jitter")
    needed = teachers.file_size(data, 10, "mnist_jitter") - 500 * 10 * 2  # without the answered
    needed += weights
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage._replace(free=needed))
    teachers.check_feasible(tmp_path / "t", data, 10, "mnist_jitter")


@pytest.mark.parametrize("sampled", [0, 9])
def test_the_size_said_is_the_size_made(tmp_path, sampled):
    data = noise(100)
    made = teachers.make(
        tmp_path / "t", Linear(data.image_shape, 10), data, "t", views.get("crop_flip", sampled)
    )
    arrays = [*made.folder.glob("*.npy")]
    written = sum(path.stat().st_size for path in arrays) - 128 * len(arrays)  # their headers
    assert written == teachers.file_size(data, 10, views.get("crop_flip", sampled))


def test_views_that_do_not_fit(tmp_path):
    data = noise(5, (8, 20, 3))
    idle = Linear(data.image_shape, 10, dies_after=0)
    with pytest.raises(ValueError, match="shifts by 8 pixels, too far for images of 8×20"):
        teachers.make(tmp_path / "t", idle, data, "t", "crop_flip_64")
    with pytest.raises(ValueError, match="cannot sample 163 of the 162 views of crop_flip"):
        teachers.make(tmp_path / "t", idle, data, "t", views.get("crop_flip", 163))


def test_a_file_larger_than_the_memory_it_takes(tmp_path):
    """16 MB of logits in all 162 views, made, checked and read in batches in a quarter of that."""
    data = noise(100, (10, 10, 1), classes=500)
    teacher = Linear(data.image_shape, 500)
    recipe = Recipe(batch_size=20, views="crop_flip")
    tracemalloc.start()
    made = teachers.make(
        tmp_path / "t", teacher, data, "noise-linear-0", "crop_flip", batch_size=80
    )
    targets = made.targets("train", data.train.images, "crop_flip")
    batches = Batches(data.train, {"teacher": targets}, recipe, 0)
    for epoch in range(3):
        batches.set_epoch(epoch)
        for index in range(len(batches)):
            batches[index]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(targets.logits, np.memmap) and targets.logits.nbytes == 16_200_000
    assert peak < 16_200_000 / 4


def test_training_reads_the_memory_map(tmp_path, monkeypatch):
    data = noise(40)
    made = teachers.make(
        tmp_path / "t", Linear(data.image_shape, 10), data, "noise-linear-0", "crop_flip"
    )
    recipe = Recipe(epochs=1, batch_size=20, views="crop_flip")
    taught = {"teacher": made.identity, "distillation": Distillation(4, 0.9)}
    run = Run("noise", "mlp", recipe, options={"width": 4}, **taught)
    read, take = [], teachers.Targets.take
    monkeypatch.setattr(
        teachers.Targets, "take", lambda own, *which: read.append(own.logits) or take(own, *which)
    )
    (record,) = training.run([run], data, output_dir=tmp_path, teachers=[made])
    assert len(record["curve"]["loss"]) == 1
    assert len(read) > 2 and all(isinstance(logits, np.memmap) for logits in read)


def test_the_data_must_be_those_that_the_teacher_was_asked_about(tmp_path):
    data = noise(40)
    made = teachers.make(tmp_path / "t", Linear(data.image_shape, 10), data, "noise-linear-0")
    same = dataclasses.replace(data, name="noise_all")
    taught = {"teacher": made.identity, "distillation": Distillation(4, 0.9)}
    run = Run("noise_all", "mlp", Recipe(epochs=1), options={"width": 4}, **taught)
    sentence = "the logits of noise-linear-0@.* were made for noise, the data are noise_all: make"
    with pytest.raises(ValueError, match=sentence):
        training.run([run], same, output_dir=tmp_path, teachers=[made])


def test_the_line_tells_how_many_images_a_second(tmp_path, monkeypatch):
    lines, told = [], []

    def bar(*given, **options):
        lines.append((given, options["initial"]))
        line = types.SimpleNamespace(update=told.append)
        line.set_postfix_str = lambda text, refresh: told.append(text)
        return contextlib.nullcontext(line)

    monkeypatch.setattr(resumable, "progress_bar", bar)
    data = noise(30)
    with pytest.raises(KeyboardInterrupt):
        killed = Linear(data.image_shape, 10, dies_after=1)
        teachers.make(tmp_path / "t", killed, data, "t", "mnist_jitter", batch_size=500)
    assert (lines, told[1:]) == ([((750, "noise train, t answers", "images"), 0)], [500])
    assert re.fullmatch(r"[\d,]+ images/s", told[0])
    teachers.make(
        tmp_path / "t", Linear(data.image_shape, 10), data, "t", "mnist_jitter", batch_size=500
    )
    assert [done for _, done in lines] == [0, 500, 0, 0]  # goes on; then the other splits


def test_arguments_as_numpy_and_the_shell_give_them(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    data, teacher = noise(5), Linear((20, 20, 3), 10)
    made = teachers.make(
        "~/t", teacher, data, "t", views.get("mnist_jitter", np.int64(3)), np.int64(40)
    )
    assert (made.folder, made.view_set.views_per_image) == (tmp_path / "t", 3)
    assert [path.name for path in tmp_path.iterdir()] == ["t"]
    with pytest.raises(ValueError, match="batch_size must be a whole number above 0, got 0"):
        teachers.make(tmp_path / "t", teacher, data, "t", batch_size=0)


def test_a_disk_that_fills_up_meanwhile_is_named(tmp_path, monkeypatch):
    def full(logits):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(resumable, "_float16", full)
    with pytest.raises(OSError, match=r"no room left for .*train\.npy: make room, the same call"):
        teachers.make(tmp_path / "t", Linear((20, 20, 3), 10), noise(5), "t")


def test_a_lock_that_another_process_was_just_removing(tmp_path, monkeypatch):
    acquire, removed = filelock.FileLock.acquire, []

    def late(lock, **options):
        result = acquire(lock, **options)
        if not removed:
            removed.append(lock.lock_file)
            os.unlink(lock.lock_file)
        return result

    monkeypatch.setattr(filelock.FileLock, "acquire", late)
    made = teachers.make(tmp_path / "t", Linear((20, 20, 3), 10), noise(5), "t")
    assert removed and len(made.targets("test", noise(5).test.images)) == 10
    assert [path.name for path in tmp_path.iterdir()] == ["t"]


def test_checksums_are_those_of_whole_arrays(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "CHUNK", 1000)
    made = teachers.make(tmp_path / "t", Linear((20, 20, 3), 10), noise(101), "t", "mnist_jitter")
    for name, sum_of_pieces in made.header["sha256"].items():
        assert sum_of_pieces == files.sha256_of([np.load(made.folder / name)])
