"""Bad input and damaged files are refused with one sentence before any training."""

import contextlib
import dataclasses
import json
import os
import shutil

import keras
import numpy as np
import pytest

from common import data, models, teachers, training
from common.runs import Recipe, Run, records
from common.runs.model_io import load_model
from common.training import group, run_checks
from common.utils import files
from tests.support.helpers import InterruptBefore, no_fit


@pytest.fixture
def no_training(monkeypatch):
    monkeypatch.setattr(keras.Model, "fit", no_fit)


@pytest.fixture(scope="module")
def trained(few, tmp_path_factory):
    """(folder, run) of a finished run."""
    folder = tmp_path_factory.mktemp("trained")
    recipe = Recipe(epochs=1, batch_size=50)
    run = Run("mnist", "mlp", recipe, options={"width": 8}, limit=few.limit)
    training.run([run], few, output_dir=folder)
    return folder, run


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"dataset": "mnist5k"}, "is a run on mnist5k with limit 100, but the data set passed"),
        ({"limit": None}, "with limit None, but the data set passed is mnist with limit 100"),
        ({"model": "mpl"}, "unknown model 'mpl': did you mean mlp"),
        ({"options": {"width": 0}}, "width must be a whole number above 0"),
        (
            {"recipe": {"milestones": (1,)}},
            r"recipe of mlp has milestones=\(1,\), but its schedule 'cosine' ignores it: choose",
        ),
        (
            {"recipe": {"warmup": 0.1, "schedule": "constant"}},
            "warmup=0.1, but its schedule 'constant' ignores it: choose the schedule 'cosine'",
        ),
        (
            {"recipe": {"final_lr_fraction": 0.1, "schedule": "steps", "milestones": (1,)}},
            "final_lr_fraction=0.1, but its schedule 'steps' ignores it",
        ),
        (
            {"teacher": "mnist-cnn-0@1", "alpha": 0.5},
            "needs teacher mnist-cnn-0@1: pass its Logits",
        ),
    ],
)
def test_runs_that_do_not_fit_the_data(tiny_run, few, tmp_path, no_training, changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        training.run([tiny_run(), tiny_run(**changes)], few, output_dir=tmp_path)


def test_finished_runs_whose_schedule_ignores_a_field_are_read(
    tiny_run, few, tmp_path, monkeypatch
):
    run = tiny_run({"epochs": 1, "schedule": "constant", "final_lr_fraction": 0.1})
    with monkeypatch.context() as patched:
        patched.setattr(run_checks, "check_schedules", lambda runs: None)
        written = training.run([run], few, output_dir=tmp_path)
    assert training.run([run], few, output_dir=tmp_path) == written


def test_the_last_rate_of_a_constant_schedule_may_be_named(tiny_run):
    run_checks.check_schedules([tiny_run({"schedule": "constant", "final_lr_fraction": 1})])


def distilled_run(tiny_run, logits, recipe=None):
    return tiny_run(recipe, teacher=logits.identity, alpha=0.5)


def test_a_name_too_long_for_a_file_is_refused(tiny_run, few, tmp_path, no_training):
    """Three names of 60 bytes fit; with options as long they do not."""
    options = {f"option_{number}": 8 for number in range(20)}
    run = tiny_run(options=options)
    assert len(run.name) > 226
    with pytest.raises(ValueError, match="are too long for a file system: shorten those of"):
        training.run([run], few, output_dir=tmp_path)


def test_teacher_of_other_classes(tiny_run, few, tmp_path, no_training):
    five = models.build("mlp", few.image_shape, 5, width=8)
    logits = teachers.make(tmp_path / "five", five, few, "mnist-mlp-five")
    run = distilled_run(tiny_run, logits)
    with pytest.raises(ValueError, match="has logits of 5 classes, mnist has 10"):
        training.run([run], few, output_dir=tmp_path, teachers=[logits])


def test_teacher_of_other_images_or_views(tiny_run, mnist_dir, logits, tmp_path, no_training):
    more = data.load("mnist", data_dir=mnist_dir, limit=110)
    run = dataclasses.replace(distilled_run(tiny_run, logits), limit=110)
    with pytest.raises(ValueError, match="lacks 10 of 110 images"):
        training.run([run], more, output_dir=tmp_path, teachers=[logits])
    few = data.load("mnist", data_dir=mnist_dir, limit=100)
    run = distilled_run(tiny_run, logits, {"views": "mnist_jitter"})
    with pytest.raises(ValueError, match="views 'plain', not 'mnist_jitter'"):
        training.run([run], few, output_dir=tmp_path, teachers=[logits])


def test_output_folder_that_cannot_be_written(tiny_run, few, tmp_path, no_training):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ValueError, match=r"cannot write to .*file.*: choose another"):
        training.run([tiny_run()], few, output_dir=tmp_path / "file" / "below")
    if os.geteuid():  # root may write anywhere
        (tmp_path / "closed").mkdir(mode=0o500)
        with pytest.raises(ValueError, match=r"cannot write to .*closed"):
            training.run([tiny_run()], few, output_dir=tmp_path / "closed")


@pytest.mark.parametrize("text", [b"", b'{"run": 1', b"{}", b"[]", b"null", b"\xff\xfe", b"7"])
def test_damaged_record_file_is_refused(tiny_run, few, tmp_path, no_training, text):
    path = records.path(tmp_path, tiny_run())
    path.parent.mkdir()
    path.write_bytes(text)
    with pytest.raises(ValueError, match=f"the record {path} .*: delete it"):
        training.run([tiny_run()], few, output_dir=tmp_path)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda record: record["test"].pop("errors"), "lacks test's errors"),
        (lambda record: record.update(validation=None), "is damaged"),
        (lambda record: record["test"].update(accuracy=float("nan")), "it contains NaN"),
        (lambda record: record.pop("images"), "lacks images"),
    ],
)
def test_record_with_damaged_values_is_refused(
    trained, few, tmp_path, no_training, change, sentence
):
    folder, run = trained
    record = json.loads(records.path(folder, run).read_text())
    change(record)
    path = records.path(tmp_path, run)
    path.parent.mkdir()
    path.write_text(json.dumps(record))
    with pytest.raises(ValueError, match=f"the record {path} .*{sentence}.*: delete it"):
        training.run([run], few, output_dir=tmp_path)


def test_run_finished_by_another_process_is_read(trained, few, tmp_path, no_training, monkeypatch):
    folder, run = trained

    @contextlib.contextmanager
    def locked(output_dir, missing):
        shutil.copytree(folder / "results", output_dir / "results")
        yield

    monkeypatch.setattr(group, "_locked", locked)
    (record,) = training.run([run], few, output_dir=tmp_path)
    assert record == records.read(folder, run)


def test_network_that_diverges_in_its_last_step_has_no_record(tiny_run, few, tmp_path):
    recipe = {"learning_rate": 1e30, "optimizer": "momentum", "epochs": 1, "batch_size": 100}
    with pytest.raises(FloatingPointError, match=r"no longer finite.*: lower the learning rate"):
        training.run([tiny_run(recipe)], few, output_dir=tmp_path)
    assert not list(tmp_path.glob("results/*"))


def test_too_little_disk_is_refused_before_training(
    tiny_run, few, tmp_path, no_training, monkeypatch
):
    weights = (784 * 8 + 8) + (8 * 8 + 8) + (8 * 10 + 10)
    usage = shutil.disk_usage(tmp_path)._replace(free=4 * 3 * weights)  # with Adam's two moments
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(ValueError, match=r"state and weights of this training take .* GB"):
        training.run([tiny_run(options={"width": 8})], few, output_dir=tmp_path)


@pytest.mark.parametrize("kind", [OSError, RuntimeError])  # HDF5 raises either
def test_error_of_a_full_disk_names_the_file(tmp_path, kind):
    refused = pytest.raises(OSError, match=rf"full, so {tmp_path}/a was not written: free some")
    with refused, files.atomic_write(tmp_path / "a") as temporary:
        temporary.write_text("part")
        raise kind("[Errno 28] No space left on device")
    assert not list(tmp_path.iterdir())


def test_record_under_the_name_of_another_run(trained, tiny_run, few, tmp_path, no_training):
    path = records.path(tmp_path, tiny_run())
    path.parent.mkdir()
    path.write_bytes(records.path(*trained).read_bytes())
    with pytest.raises(ValueError, match="does not match its name"):
        training.run([tiny_run()], few, output_dir=tmp_path)


def test_damaged_or_missing_weights_are_refused(trained, few):
    folder, run = trained
    path = records.weights_path(folder, run)
    intact = path.read_bytes()
    middle = len(intact) // 2
    flipped = intact[:middle] + bytes([intact[middle] ^ 1]) + intact[middle + 1 :]
    try:
        for damaged in (b"", intact[:middle], intact[:-10], b"x" * 5000, flipped):
            path.write_bytes(damaged)
            with pytest.raises(ValueError, match=f"the weights {path} are"):
                load_model(folder, run, few)
        path.unlink()
        with pytest.raises(ValueError, match=f"record of {run.name} but not its weights.*retrain"):
            load_model(folder, run, few)
        with pytest.raises(ValueError, match=r"has no trained mnist-mlp-.*: train it first"):
            load_model(folder, dataclasses.replace(run, seed=1), few)
    finally:
        path.write_bytes(intact)
    assert load_model(folder, run, few).count_params() > 0


@pytest.fixture(scope="module")
def checkpoint(few, tmp_path_factory):
    """(folder, run, path, bytes) of a training interrupted after its first epoch."""
    folder = tmp_path_factory.mktemp("cut")
    recipe = Recipe(epochs=2, batch_size=50)
    run = Run("mnist", "mlp", recipe, options={"width": 8}, limit=few.limit)
    with pytest.raises(KeyboardInterrupt):
        training.run([run], few, output_dir=folder, callbacks=[InterruptBefore(1)])
    (state,) = folder.glob("state/*.npz")
    return folder, run, state, state.read_bytes()


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1],
        lambda content: b"PK" + bytes(500),
        lambda content: content.replace(b"variable-3.npy", b"variable-9.npy"),
        *(
            lambda content, p=position: (
                content[: (n := int(p * len(content)))]
                + bytes([content[n] ^ 255])
                + content[n + 1 :]
            )
            for position in (0, 0.01, 0.2, 0.6, 0.9)  # inside of large arrays
        ),
    ],
)
def test_damaged_checkpoint_is_refused(checkpoint, few, no_training, damage):
    folder, run, state, content = checkpoint
    state.write_bytes(damage(content))
    with pytest.raises(ValueError, match=f"the checkpoint {state} is damaged .*: delete it"):
        training.run([run], few, output_dir=folder)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda progress: progress.update(epochs=2), "its history does not have 2 epochs"),
        (lambda progress: progress.pop("epochs"), "epochs"),
        (lambda progress: progress.pop("members"), "its progress is incomplete"),
    ],
)
def test_checkpoint_with_inconsistent_progress_is_refused(
    checkpoint, few, no_training, change, sentence
):
    folder, run, state, content = checkpoint
    state.write_bytes(content)
    with np.load(state) as arrays:
        arrays = dict(arrays)
    progress = json.loads(str(arrays["progress"]))
    change(progress)
    np.savez(state, **arrays | {"progress": np.array(json.dumps(progress))})
    with pytest.raises(ValueError, match=f"the checkpoint {state} is damaged .*{sentence}"):
        training.run([run], few, output_dir=folder)
