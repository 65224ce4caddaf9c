"""Bad input and damaged files: one sentence before any training, nothing silently used."""

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
from common.training import trainer
from common.utils import files
from tests.support.helpers import no_fit


class Interrupt(keras.callbacks.Callback):
    """Stands in for a kill after `epochs` epochs."""

    def __init__(self, epochs):
        super().__init__()
        self.epochs = epochs

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epochs:
            raise KeyboardInterrupt


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
        ({"dataset": "mnist5k"}, "is a run on mnist5k with limit 100, the data are mnist"),
        ({"limit": None}, "with limit None, the data are mnist with limit 100"),
        ({"model": "mpl"}, "unknown model 'mpl': did you mean mlp"),
        ({"options": {"width": 0}}, "width must be a whole number above 0"),
        ({"teacher": "mnist-cnn-0@1", "alpha": 0.5}, "needs mnist-cnn-0@1: pass its Logits"),
    ],
)
def test_runs_that_do_not_fit(tiny_run, few, tmp_path, no_training, changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        training.run([tiny_run(), tiny_run(**changes)], few, output_dir=tmp_path)


def taught_by(tiny_run, logits, recipe=None):
    return tiny_run(recipe, teacher=logits.identity, alpha=0.5)


def test_a_teacher_of_other_classes(tiny_run, few, tmp_path, no_training):
    five = models.build("mlp", few.image_shape, 5, width=8)
    logits = teachers.make(tmp_path / "five", five, few, "mnist-mlp-five")
    run = taught_by(tiny_run, logits)
    with pytest.raises(ValueError, match="tells 5 classes apart, mnist has 10"):
        training.run([run], few, output_dir=tmp_path, teachers=[logits])


def test_a_teacher_of_other_images_or_views(tiny_run, mnist_dir, logits, tmp_path, no_training):
    more = data.load("mnist", data_dir=mnist_dir, limit=110)
    run = dataclasses.replace(taught_by(tiny_run, logits), limit=110)
    with pytest.raises(ValueError, match="lacks 10 of 110 images"):
        training.run([run], more, output_dir=tmp_path, teachers=[logits])
    few = data.load("mnist", data_dir=mnist_dir, limit=100)
    run = taught_by(tiny_run, logits, {"views": "mnist_jitter"})
    with pytest.raises(ValueError, match="views 'plain', not 'mnist_jitter'"):
        training.run([run], few, output_dir=tmp_path, teachers=[logits])


def test_an_output_folder_that_cannot_be_written(tiny_run, few, tmp_path, no_training):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ValueError, match=r"cannot write to .*file.*: choose another"):
        training.run([tiny_run()], few, output_dir=tmp_path / "file" / "below")
    if os.geteuid():  # root may write anywhere
        (tmp_path / "closed").mkdir(mode=0o500)
        with pytest.raises(ValueError, match=r"cannot write to .*closed"):
            training.run([tiny_run()], few, output_dir=tmp_path / "closed")


@pytest.mark.parametrize("text", [b"", b'{"run": 1', b"{}", b"[]", b"null", b"\xff\xfe", b"7"])
def test_a_damaged_record_is_named(tiny_run, few, tmp_path, no_training, text):
    path = records.path(tmp_path, tiny_run())
    path.parent.mkdir()
    path.write_bytes(text)
    with pytest.raises(ValueError, match=f"the record {path} .*: delete it"):
        training.run([tiny_run()], few, output_dir=tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda record: record["test"].pop("errors"), "lacks test's errors"),
        (lambda record: record.update(validation=None), "is damaged"),
        (lambda record: record["test"].update(accuracy=float("nan")), "NaN among its numbers"),
        (lambda record: record.pop("images"), "lacks images"),
    ],
)
def test_a_record_damaged_inside_is_named(trained, few, tmp_path, no_training, change, said):
    folder, run = trained
    record = json.loads(records.path(folder, run).read_text())
    change(record)
    path = records.path(tmp_path, run)
    path.parent.mkdir()
    path.write_text(json.dumps(record))
    with pytest.raises(ValueError, match=f"the record {path} .*{said}.*: delete it"):
        training.run([run], few, output_dir=tmp_path)


def test_what_another_process_finished_meanwhile_is_read(
    trained, few, tmp_path, no_training, monkeypatch
):
    folder, run = trained

    @contextlib.contextmanager
    def locked(given, group):
        shutil.copytree(folder / "results", given / "results")
        yield

    monkeypatch.setattr(trainer, "_locked", locked)
    (record,) = training.run([run], few, output_dir=tmp_path)
    assert record == records.read(folder, run)


def test_a_net_that_diverged_in_its_last_step_has_no_record(tiny_run, few, tmp_path):
    recipe = {"learning_rate": 1e30, "optimizer": "momentum", "epochs": 1, "batch_size": 100}
    with pytest.raises(FloatingPointError, match=r"no longer finite.*: lower the learning rate"):
        training.run([tiny_run(recipe)], few, output_dir=tmp_path)
    assert not list(tmp_path.glob("results/*"))


def test_a_disk_too_small_for_the_state_is_said_first(
    tiny_run, few, tmp_path, no_training, monkeypatch
):
    weights = (784 * 8 + 8) + (8 * 8 + 8) + (8 * 10 + 10)
    usage = shutil.disk_usage(tmp_path)._replace(free=4 * 3 * weights)  # with Adam's two moments
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(ValueError, match=r"state and weights of this training take .* GB"):
        training.run([tiny_run(options={"width": 8})], few, output_dir=tmp_path)


@pytest.mark.parametrize("kind", [OSError, RuntimeError])  # HDF5 raises either
def test_a_full_disk_is_said_with_what_was_to_be_written(tmp_path, kind):
    refused = pytest.raises(OSError, match=rf"no room left for {tmp_path}/a: make room, the same")
    with refused, files.atomic_write(tmp_path / "a") as temporary:
        temporary.write_text("part")
        raise kind("[Errno 28] No space left on device")
    assert not list(tmp_path.iterdir())


def test_a_record_under_anothers_name(trained, tiny_run, few, tmp_path, no_training):
    path = records.path(tmp_path, tiny_run())
    path.parent.mkdir()
    path.write_bytes(records.path(*trained).read_bytes())
    with pytest.raises(ValueError, match="records another configuration than its name"):
        training.run([tiny_run()], few, output_dir=tmp_path)


def test_damaged_weights_are_named(trained, few):
    folder, run = trained
    path = records.weights_path(folder, run)
    whole = path.read_bytes()
    middle = len(whole) // 2
    flipped = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    try:
        for damaged in (b"", whole[:middle], whole[:-10], b"x" * 5000, flipped):
            path.write_bytes(damaged)
            with pytest.raises(ValueError, match=f"the weights {path} are"):
                load_model(folder, run, few)
        path.unlink()
        with pytest.raises(ValueError, match=f"record of {run.name} but not its weights.*retrain"):
            load_model(folder, run, few)
        with pytest.raises(ValueError, match=r"holds no trained mnist-mlp-.*: train it first"):
            load_model(folder, dataclasses.replace(run, seed=1), few)
    finally:
        path.write_bytes(whole)
    assert load_model(folder, run, few).count_params() > 0


@pytest.fixture(scope="module")
def checkpoint(few, tmp_path_factory):
    """(folder, run, bytes) of a training cut short after its first epoch."""
    folder = tmp_path_factory.mktemp("cut")
    recipe = Recipe(epochs=2, batch_size=50)
    run = Run("mnist", "mlp", recipe, options={"width": 8}, limit=few.limit)
    with pytest.raises(KeyboardInterrupt):
        training.run([run], few, output_dir=folder, callbacks=[Interrupt(1)])
    (state,) = folder.glob("state/*.npz")
    return folder, run, state, state.read_bytes()


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: b"",
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole[:-1],
        lambda whole: b"PK" + bytes(500),
        lambda whole: whole.replace(b"variable-3.npy", b"variable-9.npy"),
        *(
            lambda whole, p=place: (
                whole[: (n := int(p * len(whole)))] + bytes([whole[n] ^ 255]) + whole[n + 1 :]
            )
            for place in (0, 0.01, 0.3, 0.6, 0.9)
        ),
    ],
)
def test_a_damaged_checkpoint_is_named(checkpoint, few, no_training, damage):
    folder, run, state, whole = checkpoint
    state.write_bytes(damage(whole))
    with pytest.raises(ValueError, match=f"the checkpoint {state} is damaged .*: delete it"):
        training.run([run], few, output_dir=folder)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda told: told.update(epochs=2), "its history is not of 2 epochs"),
        (lambda told: told.pop("epochs"), "epochs"),
        (lambda told: told.pop("members"), "its progress is incomplete"),
    ],
)
def test_a_checkpoint_of_other_epochs_than_it_says(checkpoint, few, no_training, change, said):
    folder, run, state, whole = checkpoint
    state.write_bytes(whole)
    with np.load(state) as arrays:
        arrays = dict(arrays)
    told = json.loads(str(arrays["progress"]))
    change(told)
    np.savez(state, **arrays | {"progress": np.array(json.dumps(told))})
    with pytest.raises(ValueError, match=f"the checkpoint {state} is damaged .*{said}"):
        training.run([run], few, output_dir=folder)
