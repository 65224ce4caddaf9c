"""What the command line of a data set's folder accepts, and refuses before any work."""

import argparse
from pathlib import Path

from common.utils import packages
from common.utils.checks import (
    require_choice,
    require_distinct_folder,
    require_positive,
    require_seed,
    require_writable,
)


def parser(dataset, *, teacher, distill, reproduce, table):
    """An argparse.ArgumentParser whose options carry the `command` that was named.

    Args:
        teacher, distill, reproduce, table: the commands, functions (dataset, options).
    """
    whole = argparse.ArgumentParser(
        prog=f"python -m {packages.package_name(dataset)}",
        description=f"Teachers and students on {dataset}.",
    )
    choices = whole.add_subparsers(required=True, metavar="COMMAND")
    own = packages.default_output_dir(dataset)
    _teacher(choices, _training(own)).set_defaults(command=teacher)
    _distill(choices, _training(own)).set_defaults(command=distill)
    _reproduce(choices, _training(None)).set_defaults(command=reproduce)
    _table(choices).set_defaults(command=table)
    return whole


def checked(dataset, options):
    """The data set's recipes, once every option of a training is one that they know.

    Raises:
        ValueError: an unknown name; a number out of range; a folder that cannot be written, or
            is not another one with `--retrain`.
    """
    recipes = packages.load_module(dataset, "recipes")
    for kind in ("teacher", "student"):
        name = getattr(options, kind, None)
        if name is not None:
            require_choice(kind, name, getattr(recipes, f"{kind.upper()}S"))
    for part in getattr(options, "parts", ()):
        require_choice("part", part, recipes.REPRODUCE_STEPS)
    for option in ("epochs", "limit"):
        if getattr(options, option) is not None:
            require_positive(option, getattr(options, option), integer=True)
    for seed in options.seeds or ():
        require_seed(seed)
    if options.output_dir:
        require_writable(options.output_dir)
    if options.retrain:
        require_distinct_folder(options.output_dir or recipes.FOLDER, recipes.FOLDER)
    return recipes


def _folder(text):
    """A folder's path, `~` understood also where no shell did."""
    if not text:
        raise argparse.ArgumentTypeError("a folder's name is empty")
    return Path(text).expanduser()


def _training(output_dir):
    where = argparse.ArgumentParser(add_help=False)
    seeds = "one training each; default: those of the tables"
    where.add_argument("--seeds", type=int, nargs="+", metavar="K", help=seeds)
    where.add_argument("--epochs", type=int, metavar="N", help="instead of the recipe's")
    limit = "only N images of each split, classes in proportion"
    where.add_argument("--limit", type=int, metavar="N", help=limit)
    data = "where TensorFlow Datasets keeps its data"
    where.add_argument("--data-dir", type=_folder, metavar="DIR", help=data)
    own = "default: runs/; for reproduce the data set's folder, where what is committed lies"
    where.add_argument("--output-dir", type=_folder, default=output_dir, metavar="DIR", help=own)
    where.add_argument(
        "--tensorboard", type=_folder, metavar="DIR", help="write TensorBoard's log of training"
    )
    anew = "train also what is committed, into --output-dir"
    where.add_argument("--retrain", action="store_true", help=anew)
    return where


def _teacher(choices, training):
    does = "train a teacher, keep its logits"
    own = choices.add_parser("teacher", parents=[training], help=does)
    own.add_argument("name", help="such as cnn")
    published = "train nothing, check and read the committed logits"
    own.add_argument("--published", action="store_true", help=published)
    seen = "the training images' views that it answers, such as mnist_jitter; default: plain"
    own.add_argument("--views", default="plain", metavar="SET", help=seen)
    some = "answer K of each image's views; default: all"
    own.add_argument("--sampled", type=int, default=0, metavar="K", help=some)
    plan = "only say how long it takes and how large it is"
    own.add_argument("--plan", action="store_true", help=plan)
    return own


def _distill(choices, training):
    does = "train baseline, distilled student and control"
    own = choices.add_parser("distill", parents=[training], help=does)
    own.add_argument("--teacher", required=True, metavar="NAME", help="in the recipes' TEACHERS")
    own.add_argument("--student", required=True, metavar="NAME", help="in the recipes' STUDENTS")
    soft, weight = "of the softmax; default: 4", "weight of the soft targets; default: 0.9"
    own.add_argument("--temperature", type=float, nargs="+", default=[4.0], metavar="T", help=soft)
    own.add_argument("--alpha", type=float, default=0.9, help=weight)
    return own


def _reproduce(choices, training):
    does = "every run behind the tables, or behind a part of them"
    own = choices.add_parser("reproduce", parents=[training], help=does)
    own.add_argument("parts", nargs="*", metavar="PART", help="default: all, in their order")
    plan = "only say what is left and how long it takes here"
    own.add_argument("--plan", action="store_true", help=plan)
    return own


def _table(choices):
    own = choices.add_parser("table", help="print the tables")
    own.add_argument(
        "--output-dir", type=_folder, metavar="DIR", help="of other records than the committed"
    )
    return own
