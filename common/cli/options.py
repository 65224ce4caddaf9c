"""What the command line of a data set's folder accepts, and refuses before any work."""

import argparse
import sys
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
    """The data set's `StudySpec`, once every option of a training is valid for it.

    Raises:
        ValueError: an unknown name; a number out of range; a folder that cannot be written, or
            is not another one with `--retrain`.
    """
    spec = packages.load_module(dataset, "recipes").STUDY
    for kind, known in (("teacher", spec.teachers), ("student", spec.students)):
        name = getattr(options, kind, None)
        if name is not None:
            require_choice(kind, name, known)
    for step in getattr(options, "steps", ()):
        require_choice("step", step, spec.steps)
    for option in ("epochs", "limit"):
        if getattr(options, option) is not None:
            require_positive(option, getattr(options, option), integer=True)
    for seed in options.seeds or ():
        require_seed(seed)
    if options.output_dir:
        require_writable(options.output_dir)
    if options.retrain:
        require_distinct_folder(options.output_dir or spec.folder, spec.folder)
    return spec


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
    committed = "train nothing, check and read the committed logits"
    _add_flag(own, "--committed", "--published", committed)
    seen = "views of the training images to compute logits for, such as mnist_jitter"
    own.add_argument("--views", default="plain", metavar="SET", help=f"{seen}; default: plain")
    count = "logits for K of each image's views; default: all"
    _add_count(own, "--views-per-image", "--sampled", count)
    _add_flag(own, "--dry-run", "--plan", "only print how long it takes and how large it is")
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
    own.add_argument("steps", nargs="*", metavar="STEP", help="default: all, in their order")
    _add_flag(own, "--dry-run", "--plan", "only print what remains and how long it takes here")
    return own


class _Former(argparse.Action):
    """An option under its former name: works, and prints the new one to standard error."""

    def __init__(self, *arguments, new, **options):
        super().__init__(*arguments, help=argparse.SUPPRESS, **options)
        self.new = new

    def __call__(self, parser, namespace, values, option_string=None):
        print(f"{option_string} is now called {self.new}", file=sys.stderr)
        setattr(namespace, self.dest, True if self.nargs == 0 else values)


def _add_flag(parser, name, former, text):
    dest = name[2:].replace("-", "_")
    parser.add_argument(name, action="store_true", help=text)
    parser.add_argument(former, action=_Former, nargs=0, dest=dest, new=name, default=False)


def _add_count(parser, name, former, text):
    dest = name[2:].replace("-", "_")
    parser.add_argument(name, type=int, default=0, metavar="K", help=text)
    parser.add_argument(former, action=_Former, type=int, dest=dest, new=name, default=0)


def _table(choices):
    own = choices.add_parser("table", help="print the tables")
    own.add_argument(
        "--output-dir", type=_folder, metavar="DIR", help="of other records than the committed"
    )
    return own
