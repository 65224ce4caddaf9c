"""Where a data set's recipes, tables and records are."""

import pytest

from common import packages


@pytest.mark.parametrize(
    ("dataset", "name"),
    [
        ("mnist", "mnist"),
        ("mnist_all", "mnist"),
        ("tiny_imagenet", "tiny_imagenet"),
        ("tiny_imagenet20", "tiny_imagenet.pilot"),
        ("tiny_imagenet20_all", "tiny_imagenet.pilot"),
    ],
)
def test_package_of_a_data_set(dataset, name):
    assert packages.name(dataset) == name
    for kind in ("recipes", "tables"):
        module = packages.module(dataset, kind)
        assert module.__name__ == f"{name}.{kind}"
        assert module.FOLDER.parts[-len(name.split(".")) :] == tuple(name.split("."))


def test_a_data_set_without_recipes():
    with pytest.raises(ModuleNotFoundError, match="cifar10"):
        packages.module("cifar10", "recipes")
