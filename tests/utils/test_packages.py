"""Packages of the data sets, and default output folders."""

from pathlib import Path

import pytest

from common.cli import notebooks
from common.cli.options import parser
from common.utils import packages


@pytest.mark.parametrize(
    ("dataset", "name"),
    [
        ("mnist", "mnist"),
        ("mnist_all", "mnist"),
        ("tiny_imagenet", "tiny_imagenet"),
        ("tiny_imagenet20", "tiny_imagenet.twenty_classes"),
        ("tiny_imagenet20_all", "tiny_imagenet.twenty_classes"),
    ],
)
def test_package_of_a_data_set(dataset, name):
    assert packages.package_name(dataset) == name
    for kind in ("recipes", "tables"):
        module = packages.load_module(dataset, kind)
        assert module.__name__ == f"{name}.{kind}"
        assert module.FOLDER.parts[-len(name.split(".")) :] == tuple(name.split("."))


def test_users_runs_go_where_no_table_looks():
    runs = notebooks.ROOT / "runs"
    assert packages.default_output_dir("mnist") == runs / "mnist"
    assert packages.default_output_dir("tiny_imagenet20") == runs / "tiny_imagenet"
    commands = dict.fromkeys(("teacher", "distill", "reproduce", "train_one", "table", "export"))
    arguments_of = {
        "teacher": ["cnn"],
        "distill": ["--teacher", "cnn", "--student", "mlp"],
        "reproduce": [],
        "table": [],
        "export": ["cnn_small"],
    }
    commands = parser("mnist", **commands)
    for command, arguments in arguments_of.items():
        expected = runs / "mnist" if command in ("teacher", "distill", "export") else None
        assert commands.parse_args([command, *arguments]).output_dir == expected
        named = commands.parse_args([command, *arguments, "--output-dir", "here"])
        assert named.output_dir == Path("here")


def test_a_data_set_without_recipes():
    with pytest.raises(ModuleNotFoundError, match="cifar10"):
        packages.load_module("cifar10", "recipes")
