"""Writing of a logits file: in batches, resumable, with little memory, refused early."""

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
import keras
import numpy as np
import pytest

from common import models, teachers, training
from common.backend.precision import dtype_policy
from common.data import views
from common.distillation import Distillation
from common.runs import Recipe, Run
from common.teachers import logits as logits_module
from common.teachers import resumable, writer
from common.training.batches import Batches
from common.utils import files
from tests.support import killed_making
from tests.support.helpers import write_meanwhile
from tests.support.killed_making import Linear, noise


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("view_set", views.VIEWS.values(), ids=lambda view_set: view_set.name)
def test_logits_of_every_view_are_the_teachers_predictions(tmp_path, view_set):
    data = noise(3)
    teacher = Linear(data.image_shape, 10)
    made = teachers.make(tmp_path / "t", teacher, data, "t", view_set.name, batch_size=40)
    targets = made.targets("train", data.train.images, view_set.name)
    assert targets.logits.shape == (3, view_set.count, 10)
    for view in range(view_set.count):
        exact = teacher.logits(view_set.apply(data.train.images, view))
        stored = targets.take(np.arange(3), np.full(3, view))
        np.testing.assert_allclose(stored, exact, rtol=2**-11, atol=1e-4, err_msg=f"view {view}")


@pytest.mark.parametrize("sampled", [0, 6])
@pytest.mark.parametrize("torn", [0, 7, -3])
def test_interrupted_writing_resumes_to_the_same_bytes(tmp_path, sampled, torn):
    data, batch = noise(30), {"batch_size": 40, "view_set": views.get("mnist_jitter", sampled)}
    uninterrupted = Linear(data.image_shape, 10)
    teachers.make(tmp_path / "uninterrupted", uninterrupted, data, "t", **batch)
    calls = 0
    for dies_after in (1, 0, 2, 1):
        killed = Linear(data.image_shape, 10, dies_after=dies_after)
        with pytest.raises(KeyboardInterrupt):
            teachers.make(tmp_path / "interrupted", killed, data, "t", **batch)
        calls += len(killed.batches)
        with pytest.raises(FileNotFoundError, match="compute them first"):
            teachers.Logits(tmp_path / "interrupted")
        tear(tmp_path / "interrupted.part" / "train.npy", torn)
    rest = Linear(data.image_shape, 10)
    teachers.make(tmp_path / "interrupted", rest, data, "t", **batch)
    assert contents(tmp_path / "interrupted") == contents(tmp_path / "uninterrupted")
    assert sum(rest.batches) < sum(uninterrupted.batches)  # did not start again
    assert [path.name for path in tmp_path.iterdir()].count("interrupted.part") == 0


def tear(path, many):
    """Append bytes to a file, or delete some, as an interrupted write does."""
    content = path.read_bytes()
    path.write_bytes(content + bytes(many) if many >= 0 else content[:many])


@pytest.mark.slow
def test_killed_processes_write_the_same_bytes(tmp_path):
    """Killed by SIGKILL at random moments until a process finishes."""
    command = [sys.executable, "-m", "tests.support.killed_making", str(tmp_path / "interrupted")]
    environment = os.environ | {"KERAS_BACKEND": "numpy"}  # quick to import
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert int(done.stdout.split()[-1]) >= 5
    killed_making.make(tmp_path / "uninterrupted")
    assert contents(tmp_path / "interrupted") == contents(tmp_path / "uninterrupted")


def test_temporary_file_of_a_killed_process_is_removed(tmp_path):
    data = noise(5)
    with pytest.raises(KeyboardInterrupt):
        teachers.make(
            tmp_path / "interrupted", Linear(data.image_shape, 10, dies_after=0), data, "t"
        )
    (tmp_path / "interrupted.part" / ".123-456-train_keys.npy").write_bytes(b"half")
    for name in ("interrupted", "uninterrupted"):
        teachers.make(tmp_path / name, Linear(data.image_shape, 10), data, "t")
    assert contents(tmp_path / "interrupted") == contents(tmp_path / "uninterrupted")


def test_interrupted_before_the_files_are_moved(tmp_path, monkeypatch):
    data = noise(5)
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(writer, "_move", _die)
        teachers.make(tmp_path / "t", Linear(data.image_shape, 10), data, "t")
    idle = Linear(data.image_shape, 10, dies_after=0)
    made = teachers.make(tmp_path / "t", idle, data, "t")  # computes nothing
    assert len(made.targets("train", data.train.images)) == 5


def _die(partial, folder):
    raise KeyboardInterrupt


@pytest.mark.parametrize("change", ["teacher", "views", "images", "batch_size", "precision"])
def test_partial_files_of_another_request_are_discarded(tmp_path, change):
    data, other = noise(30), {"batch_size": 20} if change == "batch_size" else {}
    view_set = "crop_flip" if change == "views" else "mnist_jitter"
    killed = Linear(data.image_shape, 10, seed=change == "teacher", dies_after=2)
    images = noise(30, (21, 20, 3)) if change == "images" else data
    killed.weights = Linear(images.image_shape, 10, seed=change == "teacher").weights
    if change == "precision":  # that of another machine
        killed.layers = [types.SimpleNamespace(compute_dtype="bfloat16")]
    with pytest.raises(KeyboardInterrupt):
        settings = {"batch_size": 40} | other
        teachers.make(tmp_path / "interrupted", killed, images, "t", view_set, **settings)
    for name in ("interrupted", "uninterrupted"):
        teacher = Linear(data.image_shape, 10)
        teachers.make(tmp_path / name, teacher, data, "t", "mnist_jitter", batch_size=40)
    assert contents(tmp_path / "interrupted") == contents(tmp_path / "uninterrupted")


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_header_names_the_precision_that_is_not_float32(tmp_path, policy):
    data = noise(3)
    with dtype_policy(policy):
        model = models.build("mlp", data.image_shape, 10, width=4)
    made = teachers.make(tmp_path / "t", model, data, "t")
    expected = None if policy == "float32" else ["bfloat16", "float32"]  # float32: the logits
    assert made.header.get("computed_in") == expected


def test_header_names_the_precision_of_models_in_the_model(tmp_path):
    data = noise(3)
    with dtype_policy("mixed_bfloat16"):
        model = models.build("mlp", data.image_shape, 10, width=4)
    outer = keras.Sequential([keras.Input(data.image_shape), model])
    made = teachers.make(tmp_path / "t", outer, data, "t")
    assert made.header["computed_in"] == ["bfloat16", "float32"]


def test_new_logits_replace_other_ones(tmp_path):
    data = noise(5)
    teachers.make(tmp_path / "t", Linear(data.image_shape, 10), data, "first")
    made = teachers.make(tmp_path / "t", Linear(data.image_shape, 10, seed=1), data, "second")
    assert made.header["teacher"] == "second"
    exact = Linear(data.image_shape, 10, seed=1).logits(data.train.images)
    stored = made.targets("train", data.train.images).unaugmented()
    np.testing.assert_allclose(stored, exact, rtol=2**-11, atol=1e-4)


def test_batches_of_every_split(tmp_path):
    data = noise(11, (6, 6, 1))
    teacher = Linear(data.image_shape, 10)
    teachers.make(tmp_path / "t", teacher, data, "t", "mnist_jitter", batch_size=100)
    assert teacher.batches == [100, 100, 75, 10, 10]  # 25 views of 11, then validation and test


@pytest.mark.parametrize("finds", [True, False])
def test_logits_that_another_process_writes_are_waited_for(tmp_path, monkeypatch, finds):
    """They are read by whoever looks for them, and replaced otherwise."""
    data, folder = noise(5), tmp_path / "t"
    ours, theirs = (Linear(data.image_shape, 10, seed=seed) for seed in (0, 1))
    write_meanwhile(monkeypatch, folder, lambda: teachers.make(folder, theirs, data, "t"))
    find = (lambda: teachers.Logits(folder)) if finds else None
    made = teachers.make(folder, ours, data, "t", find=find)
    assert len(ours.batches) == (0 if finds else 3)
    exact = (theirs if finds else ours).logits(data.train.images)
    stored = made.targets("train", data.train.images).unaugmented()
    np.testing.assert_allclose(stored, exact, rtol=2**-11, atol=1e-4)


def test_a_teacher_with_the_same_weights_answers_again(tmp_path):
    """Its answers may have changed: a constant in it, or what is wrapped around it."""
    data = noise(5)
    first, second = (Linear(data.image_shape, 10) for _ in range(2))
    second.logits = lambda images: 2 * first.logits(images)
    made = [teachers.make(tmp_path / "t", teacher, data, "t") for teacher in (first, second)]
    once, twice = (logits.targets("test", data.test.images).unaugmented() for logits in made)
    np.testing.assert_allclose(twice, 2 * once, rtol=2**-10, atol=1e-4)


def test_deleted_weights_are_written_again(tmp_path):
    data = noise(5)
    model = models.build("mlp", data.image_shape, 10, width=4)
    path = teachers.make(tmp_path / "t", model, data, "t").folder / "teacher.weights.h5"
    path.unlink()
    teachers.make(tmp_path / "t", model, data, "t")
    assert path.exists()


@pytest.mark.parametrize("content", ["", '{"version": 1'])
def test_a_damaged_header_in_a_partial_folder_is_written_again(tmp_path, monkeypatch, content):
    data = noise(5)
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(writer, "_move", _die)
        teachers.make(tmp_path / "t", Linear(data.image_shape, 10), data, "t")
    (tmp_path / "t.part" / "header.json").write_text(content, encoding="utf-8")
    made = teachers.make(tmp_path / "t", Linear(data.image_shape, 10), data, "t")
    assert made.header["teacher"] == "t"


def test_too_little_disk_is_refused_before_anything_is_computed(tmp_path, monkeypatch):
    data, idle = noise(100), Linear((20, 20, 3), 10, dies_after=0)
    size = teachers.file_size(data, 10, "crop_flip")
    assert size == 100 * (162 * 10 * 2 + 8) + 2 * 10 * (10 * 2 + 8)
    weights = 8_000_000  # the most that may lie beside the logits
    usage = shutil.disk_usage(tmp_path)
    free = size + weights - 1
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage._replace(free=free))
    with pytest.raises(ValueError, match=r"take 0.00833 GB, .* has 0.00833 GB free: choose"):
        teachers.make(tmp_path / "t", idle, data, "t", "crop_flip")
    killed = Linear((20, 20, 3), 10, dies_after=1)
    with pytest.raises(KeyboardInterrupt):  # a smaller file fits
        teachers.make(tmp_path / "t", killed, data, "t", "mnist_jitter")
    needed = (
        teachers.file_size(data, 10, "mnist_jitter") - 500 * 10 * 2
    )  # without those already computed
    needed += weights
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage._replace(free=needed))
    teachers.check_feasible(tmp_path / "t", data, 10, "mnist_jitter")


@pytest.mark.parametrize("sampled", [0, 9])
def test_file_size_is_that_of_the_file(tmp_path, sampled):
    data = noise(100)
    made = teachers.make(
        tmp_path / "t", Linear(data.image_shape, 10), data, "t", views.get("crop_flip", sampled)
    )
    arrays = [*made.folder.glob("*.npy")]
    written = sum(path.stat().st_size for path in arrays) - 128 * len(arrays)  # their headers
    assert written == teachers.file_size(data, 10, views.get("crop_flip", sampled))


def test_views_that_do_not_fit_the_images(tmp_path):
    data = noise(5, (8, 20, 3))
    idle = Linear(data.image_shape, 10, dies_after=0)
    with pytest.raises(ValueError, match="shifts by 8 pixels, too far for images of 8×20"):
        teachers.make(tmp_path / "t", idle, data, "t", "crop_flip_64")
    with pytest.raises(ValueError, match="cannot sample 163 of the 162 views of crop_flip"):
        teachers.make(tmp_path / "t", idle, data, "t", views.get("crop_flip", 163))


def test_logits_take_less_memory_than_their_file(tmp_path):
    """16 MB of logits are written, checked and read in batches with a quarter of that memory."""
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


def test_training_reads_memory_mapped_logits(tmp_path, monkeypatch):
    data = noise(40)
    made = teachers.make(
        tmp_path / "t", Linear(data.image_shape, 10), data, "noise-linear-0", "crop_flip"
    )
    recipe = Recipe(epochs=1, batch_size=20, views="crop_flip")
    settings = {"teacher": made.identity, "distillation": Distillation(4, 0.9)}
    run = Run(model="mlp", recipe=recipe, options={"width": 4}, **data.identity, **settings)
    arrays, take = [], teachers.Targets.take
    monkeypatch.setattr(
        teachers.Targets,
        "take",
        lambda self, *index: arrays.append(self.logits) or take(self, *index),
    )
    (record,) = training.run([run], data, output_dir=tmp_path, teachers=[made])
    assert len(record["curve"]["loss"]) == 1
    assert len(arrays) > 2 and all(isinstance(logits, np.memmap) for logits in arrays)


def test_logits_of_another_data_set_are_refused(tmp_path):
    data = noise(40)
    made = teachers.make(tmp_path / "t", Linear(data.image_shape, 10), data, "noise-linear-0")
    same = dataclasses.replace(data, name="noise_all")
    settings = {"teacher": made.identity, "distillation": Distillation(4, 0.9)}
    options = {"model": "mlp", "recipe": Recipe(epochs=1), "options": {"width": 4}}
    run = Run(**options, **same.identity, **settings)
    sentence = (
        "the logits of noise-linear-0@.* are of noise, but the data set is noise_all: compute"
    )
    with pytest.raises(ValueError, match=sentence):
        training.run([run], same, output_dir=tmp_path, teachers=[made])


def test_progress_bar_shows_images_per_second(tmp_path, monkeypatch):
    bars, updates = [], []

    def bar(*arguments, **options):
        bars.append((arguments, options["initial"]))
        line = types.SimpleNamespace(update=updates.append)
        line.set_postfix_str = lambda text, refresh: updates.append(text)
        return contextlib.nullcontext(line)

    monkeypatch.setattr(resumable, "progress_bar", bar)
    data = noise(30)
    with pytest.raises(KeyboardInterrupt):
        killed = Linear(data.image_shape, 10, dies_after=1)
        teachers.make(tmp_path / "t", killed, data, "t", "mnist_jitter", batch_size=500)
    assert bars == [((750, "noise train, logits of t", "images"), 0)] and updates[1:] == [500]
    assert re.fullmatch(r"[\d,]+ images/s", updates[0])
    teachers.make(
        tmp_path / "t", Linear(data.image_shape, 10), data, "t", "mnist_jitter", batch_size=500
    )
    assert [done for _, done in bars] == [0, 500, 0, 0]  # resumed; then the other splits


def test_numpy_integers_and_a_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    data, teacher = noise(5), Linear((20, 20, 3), 10)
    made = teachers.make(
        "~/t", teacher, data, "t", views.get("mnist_jitter", np.int64(3)), np.int64(40)
    )
    assert (made.folder, made.view_set.views_per_image) == (tmp_path / "t", 3)
    assert [path.name for path in tmp_path.iterdir()] == ["t"]
    with pytest.raises(ValueError, match="batch_size must be a whole number above 0, got 0"):
        teachers.make(tmp_path / "t", teacher, data, "t", batch_size=0)


def test_disk_that_fills_up_during_writing(tmp_path, monkeypatch):
    def full(logits):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(resumable, "to_float16", full)
    with pytest.raises(OSError, match=r"full, so .*train\.npy was not written: free some space"):
        teachers.make(tmp_path / "t", Linear((20, 20, 3), 10), noise(5), "t")


def test_lock_that_another_process_is_removing(tmp_path, monkeypatch):
    acquire, removed = filelock.FileLock.acquire, []

    def acquire_and_remove(lock, **options):
        result = acquire(lock, **options)
        if not removed:
            removed.append(lock.lock_file)
            os.unlink(lock.lock_file)
        return result

    monkeypatch.setattr(filelock.FileLock, "acquire", acquire_and_remove)
    made = teachers.make(tmp_path / "t", Linear((20, 20, 3), 10), noise(5), "t")
    assert removed and len(made.targets("test", noise(5).test.images)) == 10
    assert [path.name for path in tmp_path.iterdir()] == ["t"]


def test_checksums_in_chunks_are_those_of_full_arrays(tmp_path, monkeypatch):
    monkeypatch.setattr(logits_module, "CHUNK", 1000)
    made = teachers.make(tmp_path / "t", Linear((20, 20, 3), 10), noise(101), "t", "mnist_jitter")
    for name, checksum in made.header["sha256"].items():
        assert checksum == files.sha256_of([np.load(made.folder / name)])
