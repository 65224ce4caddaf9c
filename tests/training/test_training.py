"""Training of runs: records, weights, locks and cached results."""

import dataclasses
import itertools
import json
import types

import keras
import numpy as np
import pytest
from scipy import special, stats
from sklearn.metrics import accuracy_score, log_loss

from common import metrics, models, teachers, training
from common.backend import hardware
from common.distillation import Distillation
from common.runs import Recipe, Run, records
from common.runs.model_io import load_model
from common.training import fit
from tests.support.helpers import InterruptAt, no_fit


@pytest.fixture(scope="module")
def finished(few, logits, tmp_path_factory):
    """(folder, runs, records) of a baseline and a distilled student, trained side by side."""
    folder = tmp_path_factory.mktemp("finished")
    recipe = Recipe(epochs=2, batch_size=25, views="plain")
    baseline = Run("mnist", "mlp", recipe, options={"width": 16}, limit=100)
    settings = {"teacher": logits.identity, "distillation": Distillation(4, 0.9)}
    runs = [baseline, dataclasses.replace(baseline, **settings)]
    return folder, runs, training.run(runs, few, output_dir=folder, teachers=[logits])


def test_finished_runs_are_read(finished, few, logits, monkeypatch, tmp_path):
    folder, runs, made = finished
    monkeypatch.setattr(keras.Model, "fit", no_fit)
    monkeypatch.setattr(keras.Model, "predict", no_fit)
    assert training.run(runs, few, output_dir=folder, teachers=[logits]) == made
    elsewhere = training.run(
        runs[::-1], few, output_dir=tmp_path, read_dirs=[folder], teachers=[logits]
    )
    assert elsewhere == made[::-1]
    assert not list(folder.glob("state/*.npz"))


def test_record_against_the_saved_weights(finished, few, logits):
    folder, runs, made = finished
    teacher = logits.targets("test", few.test.images).unaugmented()
    for run, record in zip(runs, made, strict=True):
        model = models.build(
            "mlp", (28, 28, 1), 10, pixel_statistics=few.pixel_statistics, width=16
        )
        model.load_weights(folder / "weights" / f"{run.name}.weights.h5")
        predicted = model.predict(few.test.images, verbose=0)
        q, test = special.softmax(np.float64(predicted), axis=1), record["test"]
        assert test["accuracy"] == pytest.approx(accuracy_score(few.test.labels, q.argmax(axis=1)))
        assert test["errors"] == len(test["wrong"]) == round(100 * (1 - test["accuracy"]))
        loss = log_loss(few.test.labels, q, labels=range(10))
        assert test["negative_log_likelihood"] == pytest.approx(loss, rel=1e-5)
        assert record["weights_sha256"] == teachers.weights_hash(model)
        with np.load(folder / "results" / f"{run.name}.npz") as stored:
            np.testing.assert_allclose(stored["test"], predicted, rtol=2**-10, atol=2**-20)
            np.testing.assert_array_equal(stored["validation_labels"], few.validation.labels)
        assert record["parameters"] == 784 * 16 + 16 + 16 * 16 + 16 + 16 * 10 + 10
    agreement = (predicted.argmax(axis=1) == teacher.argmax(axis=1)).mean()
    assert made[1]["test"]["agreement"] == pytest.approx(agreement)
    assert "agreement" not in made[0]["test"]


def test_record_holds_configuration_and_provenance(finished):
    folder, runs, made = finished
    for run, record in zip(runs, made, strict=True):
        assert json.loads((folder / "results" / f"{run.name}.json").read_text()) == record
        assert (record["run"], record["seed"]) == (run.id, 0)
        assert record["configuration"] == run.configuration
        assert record["images"] == {"train": 100, "validation": 100, "test": 100}
        assert {"device", "versions", "commit", "seconds"} <= set(record)
        assert {"keras", "tensorflow", "python"} <= set(record["versions"])
        measures = ("loss", "accuracy", "val_loss", "val_accuracy")
        assert set(record["curve"]) == set(measures)
        assert all(len(values) == 2 for values in record["curve"].values())


def test_curve_ends_with_the_records_measures(finished, few, logits):
    folder, runs, (baseline, distilled) = finished
    validation = baseline["validation"]
    assert baseline["curve"]["val_accuracy"][-1] == pytest.approx(validation["accuracy"], abs=1e-6)
    loss = validation["negative_log_likelihood"]
    assert baseline["curve"]["val_loss"][-1] == pytest.approx(loss, rel=1e-4)
    student = load_model(folder, runs[1], few).predict(few.validation.images, verbose=0)
    teacher = logits.targets("validation", few.validation.images).unaugmented()
    p, q = (special.softmax(np.float64(x) / 4, axis=1) for x in (teacher, student))
    hard = metrics.negative_log_likelihood(student, few.validation.labels)
    expected = 0.9 * 16 * stats.entropy(p, q, axis=1).mean() + 0.1 * hard
    assert distilled["curve"]["val_loss"][-1] == pytest.approx(expected, rel=1e-4)


def test_loss_decreases(finished):
    curve = finished[2][0]["curve"]
    assert curve["loss"][-1] < curve["loss"][0]


def test_run_passed_twice_is_trained_once(tiny_run, few, tmp_path):
    runs = [tiny_run({"epochs": 1}), tiny_run({"epochs": 1})]
    first, second = training.run(runs, few, output_dir=tmp_path)
    assert first == second
    assert len(list(tmp_path.glob("results/*.json"))) == 1


def test_training_stopped_by_a_callback_has_no_record(tiny_run, few, tmp_path):
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = True

    run = tiny_run()
    with pytest.raises(ValueError, match="stopped the training after epoch 1 of 2"):
        training.run([run], few, output_dir=tmp_path, callbacks=[Stop()])
    assert records.read(tmp_path, run) is None
    (record,) = training.run([run], few, output_dir=tmp_path)
    assert len(record["curve"]["loss"]) == 2


def test_seconds_of_all_epochs_add_up(tiny_run, few, tmp_path, monkeypatch):
    ticks = itertools.count()  # a second from the start of an epoch to its end
    monkeypatch.setattr(fit, "time", types.SimpleNamespace(perf_counter=lambda: float(next(ticks))))
    (record,) = training.run([tiny_run({"epochs": 3})], few, output_dir=tmp_path)
    assert record["seconds"] == 3


def test_loss_that_diverges_is_an_error(tiny_run, few, tmp_path):
    run = tiny_run({"learning_rate": 1e30, "optimizer": "sgd", "schedule": "constant"})
    with pytest.raises(FloatingPointError, match="lower the learning rate"):
        training.run([run], few, output_dir=tmp_path)
    assert records.read(tmp_path, run) is None


@pytest.fixture
def mixed_run(tiny_run, logits):
    changes = {"precision": "mixed_bfloat16", "epochs": 1}
    return tiny_run(changes, teacher=logits.identity, temperature=4, alpha=0.5)


def test_mixed_precision(mixed_run, few, logits, tmp_path, monkeypatch):
    monkeypatch.setattr(hardware, "has_bfloat16", lambda: True)
    (record,) = training.run([mixed_run], few, output_dir=tmp_path, teachers=[logits])
    model = load_model(tmp_path, mixed_run, few)
    assert model.layers[-2].compute_dtype == "bfloat16"
    assert {weight.dtype for weight in model.weights} == {"float32"}
    assert model.predict(few.test.images[:2], verbose=0).dtype == np.float32
    assert keras.config.dtype_policy().name == "float32"  # other models are not affected
    assert record["configuration"]["recipe"]["precision"] == "mixed_bfloat16"
    assert "computed_in" not in record


def test_a_processor_without_bfloat16_trains_in_float32_and_says_so_once(
    mixed_run, tiny_run, few, logits, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(hardware, "has_bfloat16", lambda: False)
    monkeypatch.setattr(hardware, "processor", lambda: "a CPU of 2015, 2 cores")
    (record,) = training.run([mixed_run], few, output_dir=tmp_path, teachers=[logits])
    training.run([mixed_run], few, output_dir=tmp_path / "again", teachers=[logits])
    assert capsys.readouterr().out.count("are listed for a CPU of 2015, 2 cores") == 1
    assert record["configuration"]["recipe"]["precision"] == "mixed_bfloat16"
    assert record["computed_in"] == ["float32"]
    exact = dataclasses.replace(
        mixed_run, recipe=dataclasses.replace(mixed_run.recipe, precision="float32")
    )
    (same,) = training.run([exact], few, output_dir=tmp_path, teachers=[logits])
    assert same["weights_sha256"] == record["weights_sha256"]
    assert "computed_in" not in same


def test_a_run_that_two_machines_trained_has_both_precisions(tiny_run, few, tmp_path, monkeypatch):
    run = tiny_run({"precision": "mixed_bfloat16", "epochs": 2})
    monkeypatch.setattr(hardware, "has_bfloat16", lambda: True)
    interrupt = InterruptAt()
    for _ in range(2):  # in the first epoch, then in the second
        with pytest.raises(KeyboardInterrupt):
            training.run([run], few, output_dir=tmp_path, callbacks=[interrupt])
    monkeypatch.setattr(hardware, "has_bfloat16", lambda: False)
    (record,) = training.run([run], few, output_dir=tmp_path)
    assert record["computed_in"] == ["float32", "mixed_bfloat16"]


def test_pixel_statistics_of_data_outside_the_catalogue_are_recorded(few, tiny_run, tmp_path):
    (record,) = training.run([tiny_run({"epochs": 1})], few, output_dir=tmp_path / "mnist")
    assert "pixel_statistics" not in record
    images = few.train.images.astype("float64")
    mine = dataclasses.replace(few, name="mine", fixed_statistics=None)
    run = tiny_run({"epochs": 1}, dataset="mine")
    (record,) = training.run([run], mine, output_dir=tmp_path / "mine")
    expected = [[images.mean()], [images.std()]]
    np.testing.assert_allclose(record["pixel_statistics"], expected, rtol=1e-6)
