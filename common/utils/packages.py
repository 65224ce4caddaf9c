"""Which package holds a data set's recipes, tables and records; where users' own runs go."""

import importlib
from pathlib import Path

WHOLE = "_all"  # ends the name of data whose validation images are training images too
_OTHERS = {"tiny_imagenet20": "tiny_imagenet.pilot"}


def name(dataset):
    """Such as `mnist` for mnist and mnist_all; a package's own name for any other."""
    dataset = dataset.removesuffix(WHOLE)
    return _OTHERS.get(dataset, dataset)


def scratch(dataset):
    """The folder, not committed, for runs that no table here is about; notebooks name it too."""
    return Path(__file__).parents[2] / "runs" / name(dataset).partition(".")[0]


def module(dataset, kind):
    """The module `recipes` or `tables` of a data set.

    Raises:
        ModuleNotFoundError: it has none, or that imports what is not installed.
    """
    return importlib.import_module(f"{name(dataset)}.{kind}")
