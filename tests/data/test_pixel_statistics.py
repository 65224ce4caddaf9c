"""Pixel statistics: published for catalogued data, computed in float64 for any other."""

import numpy as np
import pytest

from common import data
from common.data import dataset as datasets
from common.data.transfer_sets import TransferSet

PUBLISHED = {
    "mnist": ((33.32,), (78.57,)),
    "mnist5k": ((33.32,), (78.57,)),
    "cifar100": ((129.3, 124.1, 112.4), (68.2, 65.4, 70.4)),
    "tiny_imagenet": ((122.5, 114.3, 101.4), (70.5, 68.6, 71.8)),
    "tiny_imagenet20": ((122.5, 114.3, 101.4), (70.5, 68.6, 71.8)),
}


def random_split(count, seed, image_shape=(32, 32, 3)):
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 120, (count, *image_shape)).astype("uint8")
    images[..., 0] += 100
    return data.Split(images, (np.arange(count) % 2).astype("int32"))


@pytest.fixture
def uncatalogued():
    """A data set from arrays, of CIFAR-100's image shape."""
    return data.Dataset("mine", ("cat", "dog"), *(random_split(30, seed) for seed in range(3)))


def test_every_catalogued_data_set_has_the_published_statistics():
    assert {name: data.CATALOGUE[name].pixel_statistics for name in data.NAMES} == PUBLISHED


def test_loaded_data_have_those_of_their_spec(mnist, few, cifar, tiny_dir):
    tiny = data.load("tiny_imagenet20", data_dir=tiny_dir)
    for dataset in (mnist, few, cifar, tiny):  # `few` and `cifar` have a limit
        expected = PUBLISHED[dataset.name]
        assert dataset.pixel_statistics == expected
        assert dataset.trainval().pixel_statistics == expected
        assert TransferSet(share=0.5).restrict(dataset).pixel_statistics == expected


def test_arrays_have_their_own(uncatalogued, monkeypatch):
    monkeypatch.setattr(datasets, "_CHUNK", 7)
    mean, deviation = uncatalogued.pixel_statistics
    pixels = uncatalogued.train.images.astype("float64")
    np.testing.assert_allclose(mean, pixels.mean((0, 1, 2)), rtol=1e-12)
    np.testing.assert_allclose(deviation, pixels.std((0, 1, 2)), rtol=1e-12)
    assert all(isinstance(value, float) for value in mean + deviation)
    assert (mean, deviation) != PUBLISHED["cifar100"]


def test_computed_once(uncatalogued, monkeypatch):
    first = uncatalogued.pixel_statistics
    monkeypatch.setattr(datasets, "channel_statistics", None)
    assert uncatalogued.pixel_statistics is first


def test_other_training_images_of_the_data_set_keep_them(uncatalogued):
    expected = uncatalogued.pixel_statistics
    assert uncatalogued.trainval().pixel_statistics == expected
    assert TransferSet(classes=(1,)).restrict(uncatalogued).pixel_statistics == expected


def test_a_constant_channel_has_deviation_one():
    images = np.full((4, 5, 5, 2), 255, "uint8")
    images[0, ..., 1] = 0
    mean, deviation = datasets.channel_statistics(images)
    assert mean == (255.0, 191.25)
    assert deviation == pytest.approx((1, np.std([0, 255, 255, 255])))
