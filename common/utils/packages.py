"""Which package holds a data set's recipes, tables and records; where users' own runs go."""

import importlib
from pathlib import Path

TRAINVAL_SUFFIX = "_all"  # ends the name of data whose validation images are training images too
_OTHER_PACKAGES = {"tiny_imagenet20": "tiny_imagenet.pilot"}


def package_name(dataset):
    """Such as `mnist` for mnist and mnist_all; a package's own name for any other."""
    dataset = dataset.removesuffix(TRAINVAL_SUFFIX)
    return _OTHER_PACKAGES.get(dataset, dataset)


def default_output_dir(dataset):
    """The folder, not committed, for runs that no table here is about; notebooks name it too."""
    return Path(__file__).parents[2] / "runs" / package_name(dataset).partition(".")[0]


def load_module(dataset, kind):
    """The module `recipes` or `tables` of a data set.

    Raises:
        ModuleNotFoundError: it has none, or that imports what is not installed.
    """
    return importlib.import_module(f"{package_name(dataset)}.{kind}")
