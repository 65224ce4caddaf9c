"""What Keras is fed with: the same batches in the same order, without tf.data's tuner."""

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
        given = list(prepared.as_numpy_iterator())
        assert len(given) == 3
        for (images, targets), (own_images, own_targets) in zip(given, batches, strict=True):
            np.testing.assert_array_equal(images, own_images)
            np.testing.assert_array_equal(targets["labels"], own_targets["labels"])
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
def test_answers_are_the_models_own(rows):
    images = np.random.default_rng(0).integers(256, size=(rows, 4, 4, 1)).astype("uint8")
    flat = keras.Input((4, 4, 1))
    outputs = {"sum": keras.ops.sum(flat, axis=(1, 2, 3)), "first": flat[:, 0, 0]}
    answers = batching.predict_logits(keras.Model(flat, outputs), images)
    np.testing.assert_array_equal(answers["sum"], images.astype(float).sum(axis=(1, 2, 3)))
    np.testing.assert_array_equal(answers["first"], images[:, 0, 0])
