"""Input normalization: every network uses the statistics it is built with, or neutral ones."""

import inspect

import numpy as np
import pytest

from common import data, models
from common.backend import keras, layers
from common.models.pixel_range import check_pixel_range, scales_bytes
from common.models.pixels import standardized, statistics
from common.runs import Recipe, Run
from common.runs.model_io import build_model

CIFAR = (32, 32, 3)
STATISTICS = (100.5, 80.25, 33.0), (50.0, 61.5, 7.75)


def random_images(image_shape=CIFAR, count=6):
    return np.random.default_rng(0).integers(0, 256, (count, *image_shape)).astype("uint8")


def normalized(model, images):
    """The output of the first layer of `model` after its input, for `images`."""
    layer = model.layers[1]
    assert isinstance(layer, layers.Normalization)
    return np.asarray(layer(images.astype("float32")))


@pytest.mark.parametrize("name", ["mlp", "cnn", "vgg8", "resnet8", "shuffle_v2", "wrn_16_1"])
def test_first_layer_normalizes_with_the_given_statistics(name):
    images = random_images()
    model = models.build(name, CIFAR, 10, pixel_statistics=STATISTICS)
    mean, deviation = (np.array(values, "float64") for values in STATISTICS)
    expected = (images.astype("float64") - mean) / deviation
    np.testing.assert_allclose(normalized(model, images), expected, rtol=1e-5, atol=1e-5)


def test_decibels_are_no_standardized_pixels():
    """A network that normalizes -80 to 0 gets what it expects."""
    first = layers.Normalization(mean=-40, variance=400)
    model = keras.Sequential([keras.Input((8, 8, 1)), first, layers.Flatten(), layers.Dense(3)])
    check_pixel_range("the model", model, np.linspace(-80, -0.1, 64).reshape(1, 8, 8, 1))
    with pytest.raises(ValueError, match=r"pixels lie in -1\.5 to 1\.5"):
        check_pixel_range("the model", model, np.linspace(-1.5, 1.5, 64).reshape(1, 8, 8, 1))


def test_a_product_in_a_subclass_has_no_known_factor():
    class Product(keras.Model):
        def __init__(self):
            super().__init__()
            self.product, self.dense = layers.Multiply(), layers.Dense(3)

        def call(self, images):
            return self.dense(self.product([images, images]))

    assert not scales_bytes(Product())


def test_neutral_statistics_by_default():
    images = random_images()
    expected = (images.astype("float64") - 127.5) / 70
    np.testing.assert_allclose(
        normalized(models.build("cnn", CIFAR, 10), images), expected, atol=1e-5
    )
    assert statistics((28, 28, 1)) == ([127.5], [70.0])


@pytest.mark.parametrize("name", models.NAMES)
def test_every_builder_passes_them_on(name, monkeypatch):
    """Seen where they arrive, without building the network."""
    module, function = models.ARCHITECTURES[name].module, models.ARCHITECTURES[name].function
    received = []

    class ArrivedError(Exception):
        pass

    def note(image_shape, pixel_statistics=None, min_side=1):
        received.append(pixel_statistics)
        raise ArrivedError

    where = "cnn" if name == "cnn_ensemble" else module
    monkeypatch.setattr(f"common.models.{where}.standardized", note)
    with pytest.raises(ArrivedError):
        models.build(name, CIFAR, 10, pixel_statistics=STATISTICS)
    assert received == [STATISTICS], function


def test_statistics_are_no_option():
    assert "pixel_statistics" in inspect.signature(models.build).parameters
    with pytest.raises(ValueError, match="unknown option of cnn 'pixels': choose from width"):
        models.build("cnn", CIFAR, 10, pixels=STATISTICS)


def test_members_of_an_ensemble_use_them():
    images = random_images()
    options = {"pixel_statistics": STATISTICS, "width": 0.1}
    ensemble = models.build("cnn_ensemble", CIFAR, 5, members=2, **options)
    members = [models.build("cnn", CIFAR, 5, seed=(0, index), **options) for index in (0, 1)]
    expected = np.mean([np.asarray(member(images)) for member in members], axis=0)
    np.testing.assert_allclose(np.asarray(ensemble(images)), expected, rtol=1e-4, atol=1e-5)


def test_a_run_is_built_with_those_of_its_data_set():
    images = random_images()
    split = data.Split(images // 3, np.arange(6, dtype="int32") % 2)
    dataset = data.Dataset("mine", ("cat", "dog"), split, split, split)
    pixels = split.images.astype("float64")
    expected = (pixels - pixels.mean((0, 1, 2))) / pixels.std((0, 1, 2))
    model = build_model(Run("mine", "mlp", Recipe(), options={"width": 4}), dataset)
    np.testing.assert_allclose(normalized(model, split.images), expected, rtol=1e-4, atol=1e-4)


def test_a_run_on_catalogued_data_is_built_with_the_published_ones(few):
    model = build_model(Run(few.name, "mlp", Recipe(), options={"width": 4}), few)
    expected = (few.test.images.astype("float64") - 33.32) / 78.57
    np.testing.assert_allclose(normalized(model, few.test.images), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (((1.0,), (1.0,)), "1 means and 1 deviations, but the images have 3"),
        (((1, 1, 1), (1, 1)), "3 means and 2 deviations"),
        (((1, 1, 1), (1, 0, 1)), "deviations above 0"),
        (((1, float("nan"), 1), (1, 1, 1)), "must be finite"),
    ],
)
def test_unfit_statistics_are_refused(values, sentence):
    with pytest.raises(ValueError, match=sentence):
        standardized(CIFAR, values)
