"""CIFAR-100's superclasses: read from TFDS, kept in the array cache."""

import numpy as np
import pytest

from common import data
from common.data import array_cache, sources
from tests.conftest import prepare

COARSE = (1, 0, 1)  # of three classes


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A TFDS folder with a `cifar100` of three classes in two superclasses."""
    import tensorflow_datasets as tfds

    folder = tmp_path_factory.mktemp("tfds")
    rng = np.random.default_rng(0)
    rows = [
        {
            "image": rng.integers(0, 256, (32, 32, 3)).astype("uint8"),
            "label": row % 3,
            "coarse_label": COARSE[row % 3],
            "id": str(row),
        }
        for row in range(33)
    ]
    features = {
        "image": tfds.features.Image(shape=(32, 32, 3)),
        "label": tfds.features.ClassLabel(names=["cat", "oak", "dog"]),
        "coarse_label": tfds.features.ClassLabel(names=["trees", "animals"]),
        "id": tfds.features.Text(),
    }
    prepare("cifar100", "3.0.2", features, folder, rows[:30], rows[30:])
    return folder


def test_read_from_tfds_and_from_the_cache(prepared):
    made, cached = (data.load("cifar100", data_dir=prepared) for _ in range(2))
    for dataset in (made, cached):
        assert dataset.class_names == ("cat", "oak", "dog")
        assert dataset.superclasses == COARSE
        assert dataset.superclass_names == ("trees", "animals")
        assert [len(s) for s in (dataset.train, dataset.validation, dataset.test)] == [27, 3, 3]
    assert data.load("cifar100", data_dir=prepared, limit=3).superclasses == COARSE


def test_a_cache_without_superclasses_is_made_anew(prepared):
    data.load("cifar100", data_dir=prepared)
    arrays, names = array_cache.read("cifar100", prepared)
    old = {key: np.array(value) for key, value in arrays.items() if "superclass" not in key}
    array_cache.write("cifar100", prepared, old, names)
    assert data.load("cifar100", data_dir=prepared).superclasses == COARSE


def test_mnist_has_none(few):
    assert (few.superclasses, few.superclass_names) == ((), ())


@pytest.mark.parametrize(
    ("labels", "coarse"), [([0, 1, 1], [0, 1, 0]), ([0, 2], [0, 0])], ids=["two", "no image"]
)
def test_each_class_has_one_superclass(labels, coarse):
    with pytest.raises(ValueError, match="a class has no images, or images of several"):
        sources.superclasses(np.array(labels), np.array(coarse))
