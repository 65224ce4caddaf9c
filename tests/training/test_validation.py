"""Validation of a training, against Keras's `evaluate` and with as few predictions as needed."""

import dataclasses

import numpy as np
import pytest

from common import training
from common.backend import batching
from common.distillation import Distillation
from common.training.batches import validation_batches
from common.training.job import TrainingJob
from common.training.validation import Validation


@pytest.fixture
def runs(tiny_run, logits):
    baseline = tiny_run()
    settings = {"teacher": logits.identity}
    kd, dist = (
        Distillation(4, 0.9),
        Distillation(4, method="dist", hard_weight=1.0, soft_weight=2.0),
    )
    return [baseline] + [
        dataclasses.replace(baseline, **settings, distillation=each) for each in (kd, dist)
    ]


def test_measures_are_those_of_keras(runs, few, logits, monkeypatch):
    """Also of DIST, whose loss depends on the batch, and with a last batch of 10 images."""
    monkeypatch.setattr(batching, "BATCH_SIZE", 30)
    job = TrainingJob(runs, few, {logits.identity: logits})
    validation, logs = Validation(job), {"loss": 1.0}
    validation.on_epoch_end(job.recipe.epochs - 1, logs)
    data = validation_batches(few.validation, job.validation_targets())
    keras_values = job.model.evaluate(batching.to_tf_dataset(data), return_dict=True, verbose=0)
    assert logs.pop("loss") == 1.0
    assert logs == pytest.approx({f"val_{k}": v for k, v in keras_values.items()}, rel=1e-5)
    for name, values in validation.logits.items():
        expected = job.model.models[name].predict(few.validation.images, verbose=0)
        np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-6)


def test_validation_images_are_predicted_once(runs, few, logits, tmp_path, monkeypatch):
    predicted, predict = [], batching.predict_logits
    monkeypatch.setattr(
        batching, "predict_logits", lambda *args: predicted.append(args[1]) or predict(*args)
    )
    training.run(runs, few, output_dir=tmp_path, teachers=[logits])
    splits = [few.validation.images] * runs[0].recipe.epochs + [few.test.images]
    assert len(predicted) == len(splits)
    for images, expected in zip(predicted, splits, strict=True):
        np.testing.assert_array_equal(images, expected)
