"""Packages of the data sets, which hold recipes, tables and records; default output folders.

This module imports no NumPy, because the command line's `--help` imports it.
"""

import importlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]  # of the repository
TRAINVAL_SUFFIX = "_all"  # ends the name of data that train on the validation images too
_OTHER_PACKAGES = {"tiny_imagenet20": "tiny_imagenet.twenty_classes", "sklearn_digits": "your_data"}


def package_name(dataset):
    """Name of a data set's package, such as `mnist` for mnist and mnist_all."""
    dataset = dataset.removesuffix(TRAINVAL_SUFFIX)
    return _OTHER_PACKAGES.get(dataset, dataset)


def folder(dataset):
    """Folder of a data set's package, with its committed results/ and teachers/."""
    return ROOT.joinpath(*package_name(dataset).split("."))


def default_output_dir(dataset):
    """Folder for a user's runs, runs/<data set> in the repository, which is not committed."""
    return ROOT / "runs" / package_name(dataset).partition(".")[0]


def reproduced_dir(dataset):
    """Folder, not committed, for students of published tables that are trained again."""
    return ROOT / "build" / package_name(dataset) / "reproduced"


def load_module(dataset, kind):
    """The module `kind` of a data set's package, such as `recipes` or `tables`.

    Raises:
        ModuleNotFoundError: there is no such module, or one of its imports is not installed.
    """
    return importlib.import_module(f"{package_name(dataset)}.{kind}")


def load_recipes(dataset):
    """The recipes of a data set's package; ValueError if it has none."""
    try:
        return load_module(dataset, "recipes")
    except ModuleNotFoundError as error:
        if not f"{package_name(dataset)}.recipes".startswith(error.name):
            raise  # an import inside the recipes
        raise ValueError(f"{dataset} has no recipes: try cifar100 or mnist") from None
