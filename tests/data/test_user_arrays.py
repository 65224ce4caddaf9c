"""A user's arrays become a data set; what is no image or no label gets one sentence."""

import dataclasses

import numpy as np
import pytest

from common import data
from common.data.held_out import set_aside
from common.data.transfer_sets import TransferSet
from common.training.data_checks import require_data

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (60, 6, 6, 3)).astype("uint8")
LABELS = np.arange(60) % 3
PAIR = (IMAGES, LABELS)
PAIR_OF_ROWS = (IMAGES, np.eye(3, dtype="uint8")[LABELS])


def test_three_splits_are_taken_as_they_are():
    dataset = data.from_arrays("mine", PAIR, PAIR, PAIR, ["cat", "dog", "owl"])
    assert dataset.class_names == ("cat", "dog", "owl") and dataset.image_shape == (6, 6, 3)
    np.testing.assert_array_equal(dataset.test.images, IMAGES)
    assert dataset.train.labels.dtype == "int32" and not dataset.catalogued


def test_missing_splits_are_a_tenth_of_each_class():
    dataset = data.from_arrays("mine", PAIR)
    splits = (dataset.train, dataset.validation, dataset.test)
    assert [np.bincount(split.labels).tolist() for split in splits] == [[16] * 3, [2] * 3, [2] * 3]
    together = np.concatenate([split.images for split in splits])
    assert {image.tobytes() for image in together} == {image.tobytes() for image in IMAGES}
    assert data.from_arrays("mine", PAIR).digest == dataset.digest


@pytest.mark.parametrize(("images", "validation", "test"), [(6, 0.8, 0.15), (3, 0.5, 0.4)])
def test_every_split_has_an_image_of_each_class(images, validation, test):
    labels = np.arange(3).repeat(images)
    rows = set_aside(labels, {"validation": validation, "test": test}, "abc")
    assert sorted(np.concatenate([*rows.values()])) == [*range(3 * images)]
    for part in rows.values():
        assert set(labels[part]) == {0, 1, 2}


@pytest.mark.parametrize("seed", [-1, 0.5, "1", None])
def test_seeds_that_are_none(seed):
    with pytest.raises(ValueError, match=rf"seed must be a whole number of at .* 0, got {seed!r}"):
        set_aside(LABELS, {"test": 0.1}, "abc", seed)


def test_limit_keeps_the_proportions():
    dataset = data.from_arrays("mine", PAIR, PAIR, PAIR, limit=9)
    assert np.bincount(dataset.train.labels).tolist() == [3, 3, 3] and dataset.limit == 9


@pytest.mark.parametrize(
    "convert",
    [
        lambda images: images / 255,
        lambda images: (images / 255).astype("float32"),
        lambda images: images.astype("float64"),
        lambda images: images.astype("int64"),
    ],
)
def test_other_numbers_are_the_same_bytes(convert):
    dataset = data.from_arrays("mine", (convert(IMAGES), LABELS), PAIR, PAIR)
    np.testing.assert_array_equal(dataset.train.images, IMAGES)


@pytest.mark.parametrize(
    ("train", "sentence"),
    [
        ((IMAGES / 127.5 - 1, LABELS), "lie in -1 to 1: pass uint8"),
        ((IMAGES * 257.0, LABELS), "lie in 0 to 6.55e"),
        ((np.where(IMAGES > 9, np.nan, 1.0), LABELS), "lie in nan"),
        ((np.moveaxis(np.repeat(IMAGES, 3, 1), -1, 1), LABELS), "channels first"),
        ((IMAGES[0, 0], LABELS), r"uint8 \(6, 3\): pass numbers"),
        ((IMAGES, LABELS[:-1]), "60 train images have 59 labels"),
        ((IMAGES, LABELS + 1), "train labels from 1 on: .* subtract 1"),
        ((IMAGES, np.eye(3)[LABELS]), "np.argmax"),
        ((IMAGES, LABELS.astype(str)), "must be class indices"),
        (IMAGES, r"train is a pair \(images, labels\), got a ndarray"),
        ((IMAGES[:, :5], LABELS), "differ in shape"),
        ((IMAGES, LABELS * 0), "class_names must be two or more"),
    ],
)
def test_what_does_not_fit_gets_one_sentence(train, sentence):
    with pytest.raises(ValueError, match=sentence):
        data.from_arrays("mine", train, PAIR, PAIR)


def test_few_images_of_several_classes_are_enough_for_multi_hot_labels():
    """The last of 60 images has two classes, the others one: many subsets hold one-hot rows."""
    labels = np.eye(3, dtype="uint8")[LABELS]
    labels[-1] = (1, 0, 1)
    full = data.from_arrays("mine", (IMAGES, labels), PAIR_OF_ROWS, PAIR_OF_ROWS)
    few = data.from_arrays("mine", (IMAGES, labels), PAIR_OF_ROWS, PAIR_OF_ROWS, limit=1)
    assert few.train.labels.tolist() == [[1, 0, 0]] and few.digest != full.digest
    subset = TransferSet(share=0.05).restrict(full)
    assert subset.train.labels.sum() == len(subset.train) == 3
    set_aside_too = data.from_arrays("mine", (IMAGES, labels), test=PAIR_OF_ROWS, limit=2)
    moved = dataclasses.replace(full, train=None)  # as data sets are sent to other processes
    for dataset in (full, few, few.trainval(), subset, set_aside_too, moved):
        assert dataset.multi_label is True
    one_class_each = data.from_arrays("mine", PAIR, limit=9)
    assert one_class_each.multi_label is one_class_each.trainval().multi_label is False
    require_data(few)


def test_names_and_classes_of_their_own():
    with pytest.raises(ValueError, match="'mnist' is a built-in data set"):
        data.from_arrays("mnist", PAIR, PAIR, PAIR)
    with pytest.raises(ValueError, match=r"labels are from -1 to 0, but classes count from 0"):
        data.from_arrays("own", (np.zeros((9, 4, 4), "uint8"), np.arange(9) % 2 - 1))
    with pytest.raises(ValueError, match=r"labels are from 0 to 2, but .* 2 classes"):
        data.from_arrays("mine", PAIR, PAIR, PAIR, ["cat", "dog"])
    with pytest.raises(ValueError, match="class '2' has 2 images, too few for 3 splits"):
        data.from_arrays("mine", (IMAGES[:8], LABELS[:8]))
