"""Batches for Keras: the same ones in the same order, without tf.data's autotuning."""

import io

import numpy as np
import pytest

from common.backend import batching, keras
from common.runs import Recipe
from common.training.batches import Batches

on_tensorflow = pytest.mark.skipif(
    keras.config.backend() != "tensorflow", reason="other backends read the PyDataset itself"
)


@on_tensorflow
def test_every_pass_gives_the_epochs_own_batches(few):
    batches = Batches(few.train, {}, Recipe(batch_size=30), 0)
    prepared = batching.to_tf_dataset(batches)
    assert prepared.cardinality() == len(batches) == 3
    for epoch in (0, 1):
        batches.set_epoch(epoch)
        passed = list(prepared.as_numpy_iterator())
        assert len(passed) == 3
        for (images, targets), (expected_images, expected_targets) in zip(
            passed, batches, strict=True
        ):
            np.testing.assert_array_equal(images, expected_images)
            np.testing.assert_array_equal(targets["labels"], expected_targets["labels"])
            assert images.dtype == np.uint8 and targets["labels"].dtype == np.int32


@on_tensorflow
def test_nothing_tunes_the_pipeline(few):
    assert (
        batching.to_tf_dataset(batching.SequentialBatches(few.test.images))
        .options()
        .autotune.enabled
        is False
    )


@pytest.mark.parametrize("rows", [1, 499, 500, 501, 1300])
def test_logits_are_the_models(rows):
    images = np.random.default_rng(0).integers(256, size=(rows, 4, 4, 1)).astype("uint8")
    flat = keras.Input((4, 4, 1))
    outputs = {"sum": keras.ops.sum(flat, axis=(1, 2, 3)), "first": flat[:, 0, 0]}
    predictions = batching.predict_logits(keras.Model(flat, outputs), images)
    np.testing.assert_array_equal(predictions["sum"], images.astype(float).sum(axis=(1, 2, 3)))
    np.testing.assert_array_equal(predictions["first"], images[:, 0, 0])


def test_predictions_with_a_title_show_every_image_in_a_bar(few, monkeypatch):
    lines, shown = [], batching.progress_bar

    def bar(*arguments, delay):
        lines.append(shown(*arguments, stream=io.StringIO()))
        return lines[-1]

    monkeypatch.setattr(batching, "progress_bar", bar)
    monkeypatch.setattr(batching, "BATCH_SIZE", 30)
    inputs = keras.Input(few.test.images.shape[1:])
    model = keras.Model(inputs, keras.layers.Flatten()(inputs))
    logits = batching.predict_logits(model, few.test.images, "logits")
    np.testing.assert_array_equal(logits, few.test.images.reshape(100, -1))
    (line,) = lines
    assert (line.n, line.total, line.desc) == (100, 100, "logits")
