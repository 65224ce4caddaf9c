"""Logits looked up by image in all splits, and logits sent to other processes."""

import dataclasses
import pickle

import numpy as np
import pytest

from common import teachers


def test_an_image_has_its_logits_in_whatever_split_it_is(logits, few):
    pooled = pickle.loads(pickle.dumps(teachers.PooledLogits(logits, "sample")))
    assert (pooled.identity, pooled.dataset) == (logits.identity, "sample")
    images = np.concatenate([few.test.images[:5], few.train.images[7:9]])
    found = pooled.targets("train", images).unaugmented()
    expected = [
        logits.targets(split, getattr(few, split).images).unaugmented()[rows]
        for split, rows in (("test", slice(5)), ("train", slice(7, 9)))
    ]
    np.testing.assert_array_equal(found, np.concatenate(expected))


def test_unknown_images_and_other_views_are_refused(logits, few):
    pooled = teachers.PooledLogits(logits, "sample")
    with pytest.raises(ValueError, match="lacks 1 of 2 test images of sample"):
        pooled.targets("test", np.stack([few.test.images[0], few.test.images[0] ^ 1]))
    with pytest.raises(ValueError, match="without augmentation only"):
        pooled.targets("train", few.train.images, "mnist_jitter")


def test_logits_are_sent_as_the_path_of_their_folder(logits, few):
    lazy = teachers.LazyLogits(logits.identity, logits.dataset, lambda: logits)
    messages = [pickle.dumps(each) for each in (logits, lazy)]
    assert max(map(len, messages)) < 500
    first, second = map(pickle.loads, messages)
    assert first is second and first.identity == logits.identity
    image = dataclasses.replace(few.test, images=few.test.images[:1]).images
    np.testing.assert_array_equal(
        first.targets("test", image).unaugmented(), logits.targets("test", image).unaugmented()
    )
