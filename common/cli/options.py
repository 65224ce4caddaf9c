"""Options of a data set's command line: the argument parser, and checks before any work."""

import argparse
import sys

from common.cli import executor
from common.cli.exporting import add_export
from common.cli.former_options import add_count, add_flag
from common.cli.objective import add_objective
from common.utils import packages
from common.utils.checks import (
    is_teacher_file,
    local_folder,
    require_choice,
    require_distinct_folder,
    require_positive,
    require_seed,
    require_teacher_file,
    require_writable,
)
from common.utils.ray_executor import LOCAL

_DRY_RUN = "only print missing runs and their time"


def parser(dataset, *, teacher, distill, reproduce, train_one, table, export):
    """An argparse.ArgumentParser whose result has the chosen function as `command`.

    Args:
        dataset: name of the data set.
        teacher, distill, reproduce, train_one, table, export: functions (dataset, options).
    """
    full = argparse.ArgumentParser(
        prog=f"python -m {packages.package_name(dataset)}",
        description=f"Teachers and students on {dataset}.",
    )
    commands = full.add_subparsers(required=True, metavar="COMMAND")
    output_dir = packages.default_output_dir(dataset)
    _add_teacher(commands, _training_options(output_dir)).set_defaults(command=_checking(teacher))
    _add_distill(commands, _training_options(output_dir)).set_defaults(command=_checking(distill))
    _add_reproduce(commands, _training_options(None)).set_defaults(command=_checking(reproduce))
    _add_train_one(commands, _training_options(None)).set_defaults(command=_checking(train_one))
    _add_table(commands).set_defaults(command=table)
    add_export(commands, _training_options(output_dir)).set_defaults(command=_checking(export))
    return full


def _checking(command):
    """The function of a training command, after what needs no Keras, which takes seconds to import.

    It raises ValueError for a number out of range, and for options that exclude each other.
    """

    def run(dataset, options):
        _check_values(options)
        command(dataset, options)

    return run


def _check_values(options):
    executor.check(options)
    for option in ("epochs", "limit"):
        if getattr(options, option) is not None:
            require_positive(option, getattr(options, option), integer=True)
    for seed in options.seeds or ():
        require_seed(seed)


def checked(dataset, options):
    """The data set's `StudySpec`, after names and folders of a training command were checked.

    Args:
        dataset: name of the data set.
        options: argparse.Namespace of a training command.

    Raises:
        ValueError: an unknown name; a folder that cannot be written; with `--retrain`, the folder
            of the committed runs.
    """
    spec = packages.load_module(dataset, "recipes").STUDY
    for kind, known in (("teacher", spec.teachers), ("student", spec.students)):
        name = getattr(options, kind, None)
        if kind == "teacher" and name and is_teacher_file(name):
            require_teacher_file(name)
        elif name is not None:
            require_choice(kind, name, known)
    if hasattr(options, "steps"):
        options.steps = [_step(name, spec) for name in options.steps]
    reads_only = getattr(options, "committed", False) or getattr(options, "dry_run", False)
    if options.output_dir and not reads_only:
        require_writable(options.output_dir)
    if options.retrain:
        require_distinct_folder(options.output_dir or spec.folder, spec.folder)
    return spec


def _training_options(output_dir):
    """Parser of the options that all training commands share."""
    shared = argparse.ArgumentParser(add_help=False)
    seeds = "one training per seed; default: those of the tables"
    shared.add_argument("--seeds", type=int, nargs="+", metavar="K", help=seeds)
    epochs = "override the recipe's epochs; for distill, those of the students only"
    shared.add_argument("--epochs", type=int, metavar="N", help=epochs)
    limit = "use only N images of each split, in the same class proportions"
    shared.add_argument("--limit", type=int, metavar="N", help=limit)
    data = "folder of TensorFlow Datasets' data"
    shared.add_argument("--data-dir", type=folder_option, metavar="DIR", help=data)
    folder = "folder for records and weights; default: runs/<data set>, or the committed folder "
    folder += "for reproduce and train-one"
    shared.add_argument(
        "--output-dir", type=folder_option, default=output_dir, metavar="DIR", help=folder
    )
    tensorboard = "write a TensorBoard log of the training"
    shared.add_argument("--tensorboard", type=folder_option, metavar="DIR", help=tensorboard)
    retrain = "train committed runs again, into --output-dir"
    shared.add_argument("--retrain", action="store_true", help=retrain)
    _add_executor(shared)
    return shared


def _add_executor(shared):
    """Add the options that say where runs are trained, and how many at once."""
    workers = "processes that train at once, each with its share of the cores; default: 1"
    shared.add_argument("--workers", type=int, default=1, metavar="N", help=workers)
    ray = "train on a Ray cluster that this machine is a node of, HOST:PORT or auto; without "
    ray += "ADDRESS: on a Ray that is started here and ends with the command"
    shared.add_argument("--ray", nargs="?", const=LOCAL, metavar="ADDRESS", help=ray)
    folder = "with --ray, folder that all nodes see: for checkpoints, and logits read in place"
    shared.add_argument("--shared", type=folder_option, metavar="DIR", help=folder)


def _add_teacher(commands, shared):
    summary = "train a teacher and compute its logits"
    teacher = commands.add_parser("teacher", parents=[shared], help=summary)
    teacher.add_argument("name", help="such as cnn")
    committed = "do not train: check the committed logits and print their test errors"
    add_flag(teacher, "--committed", "--published", committed)
    views = "views of the training images to compute logits for, such as mnist_jitter"
    teacher.add_argument("--views", default="plain", metavar="SET", help=f"{views}; default: plain")
    count = "logits for K views of each image; default: all"
    add_count(teacher, "--views-per-image", "--sampled", count)
    devices = "divide each batch among all devices of JAX"
    teacher.add_argument("--data-parallel", action="store_true", help=devices)
    add_flag(teacher, "--dry-run", "--plan", "only print time and size")
    return teacher


def _add_distill(commands, shared):
    summary = "train baseline, distilled student and controls"
    distill = commands.add_parser("distill", parents=[shared], help=summary)
    teacher = (
        "name of a teacher in the recipes; or your own .keras or .onnx file, or logits as .npz "
    )
    teacher += "or .npy"
    student = "name of a student in the recipes"
    distill.add_argument("--teacher", required=True, metavar="NAME", help=teacher)
    distill.add_argument("--student", required=True, metavar="NAME", help=student)
    soft = "temperatures of the soft targets; default: 4"
    distill.add_argument(
        "--temperature", type=float, nargs="+", default=[4.0], metavar="T", help=soft
    )
    add_objective(distill)
    distill.add_argument("--dry-run", action="store_true", help=_DRY_RUN)
    return distill


def _add_reproduce(commands, shared):
    summary = "train every run behind the tables, or the runs of some steps"
    reproduce = commands.add_parser("reproduce", parents=[shared], help=summary)
    reproduce.add_argument("steps", nargs="*", metavar="STEP", help="default: all, in their order")
    students = "train the students of a published table again, from the committed logits, and "
    students += "compare them with the committed ones; STEP: published"
    reproduce.add_argument("--students-only", action="store_true", help=students)
    add_flag(reproduce, "--dry-run", "--plan", _DRY_RUN)
    text = "only print the names of missing runs that can be trained now, one per line"
    reproduce.add_argument("--list", action="store_true", help=text)
    return reproduce


def _add_train_one(commands, shared):
    summary = "train one run that `reproduce --list` prints"
    one = commands.add_parser("train-one", parents=[shared], help=summary)
    one.add_argument("run", metavar="RUN", help="the run's name, with its seed")
    return one


def _add_table(commands):
    table = commands.add_parser("table", help="print the tables")
    folder = "folder of your records, shown beside committed baselines; default: the committed ones"
    table.add_argument("--output-dir", type=folder_option, metavar="DIR", help=folder)
    form = (
        "markdown: the tables; csv, json: one row per configuration, its seeds averaged, unrounded"
    )
    choices = ("markdown", "csv", "json")
    table.add_argument("--format", choices=choices, default="markdown", help=form)
    return table


def _step(name, spec):
    """A step's name, where `name` may be its former one; ValueError if it is unknown."""
    if name in spec.former_steps:
        print(f"{name} is now called {spec.former_steps[name]}", file=sys.stderr)
        return spec.former_steps[name]
    require_choice("step", name, spec.steps)
    return name


def folder_option(text):
    """A folder's path, with `~` expanded, which no shell does in `--output-dir=~/runs`."""
    try:
        return local_folder("the folder", text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
