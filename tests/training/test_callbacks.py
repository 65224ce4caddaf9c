"""Keras callbacks, TensorBoard among them, observe a training without changing its result."""

import csv
import importlib.util

import keras
import numpy as np
import pytest

from common import cli, training
from common.data import catalogue
from common.runs import Recipe, Run
from common.training.tensorboard import TensorBoard
from tests.support import helpers

needs_tensorboard = pytest.mark.skipif(
    not (importlib.util.find_spec("tensorboard") and keras.backend.backend() == "tensorflow"),
    reason="TensorBoard is not installed",
)


@pytest.fixture(scope="module")
def bare(few, tmp_path_factory):
    """(runs, records) of two runs trained without callbacks."""
    recipe = Recipe(epochs=2, batch_size=25)
    runs = [Run("mnist", "mlp", recipe, options={"width": width}, limit=100) for width in (16, 8)]
    return runs, training.run(runs, few, output_dir=tmp_path_factory.mktemp("bare"))


def same_but_seconds(records, others, callbacks):
    """Whether records differ from others, trained without callbacks, in seconds and names only."""
    expected = [record | {"seconds": 0, "callbacks": callbacks} for record in others]
    return [record | {"seconds": 0} for record in records] == expected


def test_callbacks_of_keras(bare, few, tmp_path):
    runs, expected = bare
    callbacks = [
        keras.callbacks.CSVLogger(tmp_path / "log.csv"),
        keras.callbacks.ModelCheckpoint(tmp_path / "{epoch}.weights.h5", save_weights_only=True),
        keras.callbacks.TerminateOnNaN(),
    ]
    records = training.run(runs, few, output_dir=tmp_path, callbacks=callbacks)
    used = ["CSVLogger", "ModelCheckpoint", "TerminateOnNaN"]
    assert same_but_seconds(records, expected, used)
    rows = list(csv.DictReader((tmp_path / "log.csv").open()))
    for run, record in zip(runs, records, strict=True):
        for measure in ("loss", "val_loss"):
            kind, _, _ = measure.rpartition("loss")
            logged = [float(row[f"{kind}{run.name}_loss"]) for row in rows]
            assert logged == pytest.approx(record["curve"][measure], rel=1e-4)
    assert len(list(tmp_path.glob("[12].weights.h5"))) == 2


class Zeros(keras.callbacks.Callback):
    """Sets all weights to 0 after training, as EarlyStopping sets the best ones."""

    def on_train_end(self, logs=None):
        self.model.set_weights([0 * weight for weight in self.model.get_weights()])


def test_validation_measures_are_of_the_weights_that_are_saved(bare, few, tmp_path):
    runs, _ = bare
    records = training.run(runs, few, output_dir=tmp_path, callbacks=[Zeros()])
    errors = np.sum(few.validation.labels != 0)  # equal logits: the first class
    assert [record["validation"]["errors"] for record in records] == [errors] * 2


def scalars(folder):
    """{tag: values in order of steps} of the only event file in a folder."""
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
    from tensorboard.util import tensor_util

    (path,) = folder.glob("events.*")
    values = {}
    for event in EventFileLoader(str(path)).Load():
        for value in event.summary.value:
            if value.HasField("tensor"):
                number = tensor_util.make_ndarray(value.tensor)
                values.setdefault(value.tag, {})[event.step] = number
    return {tag: [steps[step] for step in sorted(steps)] for tag, steps in values.items()}


@needs_tensorboard
def test_tensorboard_logs_the_records_curve(bare, few, tmp_path, capfd):
    runs, expected = bare
    board = TensorBoard(tmp_path / "board")
    records = training.run(runs, few, output_dir=tmp_path, callbacks=[board])
    assert same_but_seconds(records, expected, ["TensorBoard"])
    folder = tmp_path / "board" / f"{runs[0].name}-and-1-more"
    train, validation = scalars(folder / "train"), scalars(folder / "validation")
    for run, record in zip(runs, records, strict=True):
        for measure in ("loss", "accuracy"):
            tag, curve = f"epoch_{run.name}_{measure}", record["curve"]
            np.testing.assert_allclose(train[tag], curve[measure], rtol=1e-4)
            np.testing.assert_allclose(validation[tag], curve[f"val_{measure}"], rtol=1e-4)
    assert capfd.readouterr().err == ""


def test_missing_tensorboard_is_refused_before_loading_data(monkeypatch, tmp_path):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda n: None if n == "tensorboard" else find(n)
    )
    monkeypatch.setattr(catalogue, "load", None)  # refused before data are loaded
    with pytest.raises(SystemExit, match="needs tensorboard: pip install"):
        cli.main("mnist", ["teacher", "cnn", "--tensorboard", str(tmp_path)])


@needs_tensorboard
@pytest.mark.slow
def test_each_training_has_its_own_tensorboard_folder(mnist_dir, tmp_path):
    options = ["--limit", "60", "--epochs", "1", "--data-dir", str(mnist_dir)]
    options += ["--output-dir", str(tmp_path), "--tensorboard", str(tmp_path / "board")]
    cli.main("mnist", ["teacher", "cnn", "--seeds", "0", "1", *options])
    folders = {path.name for path in (tmp_path / "board").iterdir()}
    assert folders == {path.stem for path in (tmp_path / "results").glob("*.json")}


class Halves(keras.callbacks.Callback):
    """Halves the learning rate after each epoch."""

    def on_epoch_end(self, epoch, logs=None):
        self.model.optimizer.learning_rate = self.model.optimizer.learning_rate / 2


def test_learning_rate_set_by_a_callback_survives_a_resume(few, tiny_run, tmp_path):
    run = tiny_run({"epochs": 4, "schedule": "constant"})
    (uninterrupted,) = training.run(
        [run], few, output_dir=tmp_path / "uninterrupted", callbacks=[Halves()]
    )
    callbacks = [Halves(), helpers.InterruptAt()]
    for _ in range(4):
        with pytest.raises(KeyboardInterrupt):
            training.run([run], few, output_dir=tmp_path / "interrupted", callbacks=callbacks)
    (resumed,) = training.run([run], few, output_dir=tmp_path / "interrupted", callbacks=[Halves()])
    assert resumed["weights_sha256"] == uninterrupted["weights_sha256"]
    (bare,) = training.run([run], few, output_dir=tmp_path / "bare")
    assert bare["weights_sha256"] != uninterrupted["weights_sha256"] and "callbacks" not in bare
    assert resumed["callbacks"] == ["Halves", "InterruptAt"]
