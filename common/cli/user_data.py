"""Command line of a user's images and teacher: `python -m your_data distill`, `export`, `table`.

It does what `data.from_folder`, `common.distill` and `export.export` do in Python. The functions
import them, so that `--help` and refusals of bad options take no time.
"""

import argparse
import collections
from pathlib import Path

from common.cli import exits, exporting, output
from common.cli.options import folder_option
from common.utils import packages, terminal
from common.utils.checks import (
    require_choice,
    require_positive,
    require_seed,
    require_teacher_file,
)

PACKAGE = "your_data"


def main(arguments=None):
    """Run `python -m your_data` with the given arguments; bad input exits with one sentence.

    Args:
        arguments: list of str; by default those of the command line.
    """
    terminal.replace_unencodable()
    options = _parser().parse_args(arguments)
    with exits.one_sentence():
        options.command(options)


def _distill(options):
    require_teacher_file(options.teacher)
    for seed in options.seeds:
        require_seed(seed)
    recipe = _recipe(options)
    import common
    from common.utils import files

    outcome = common.distill(
        options.teacher,
        options.student,
        _dataset(options),
        temperature=options.temperature,
        alpha=options.alpha,
        seeds=options.seeds,
        control=not options.no_control,
        output_dir=options.output_dir,
        recipe=recipe,
    )
    print(outcome)
    print(f"records in {files.display_path(Path(outcome.output_dir) / 'results')}")


def _recipe(options):
    """`Recipe` of the student; ValueError, before images are read, for wrong settings."""
    from common import models
    from common.distillation import Distillation
    from common.runs import Recipe

    require_choice("student", options.student, models.NAMES)
    require_positive("alpha, which is 0 for the baseline,", options.alpha)
    for temperature in options.temperature:
        Distillation(temperature, options.alpha)  # raises ValueError
    names = ("epochs", "batch_size", "learning_rate")
    settings = {name: getattr(options, name) for name in names}
    return Recipe(**{name: value for name, value in settings.items() if value is not None})


def _dataset(options):
    """`data.Dataset` of the image folder; prints its sizes."""
    from common import data

    names = ("image_size", "validation", "test", "limit", "data_dir", "skip_unreadable", "name")
    dataset = data.from_folder(options.images, **{name: getattr(options, name) for name in names})
    splits = {name: len(getattr(dataset, name)) for name in ("train", "validation", "test")}
    counts = ", ".join(f"{count:,} {name}" for name, count in splits.items())
    print(f"{dataset.name}: {dataset.classes} classes; images: {counts}", flush=True)
    return dataset


def _export(options):
    exporting.check_formats(options)
    records = _records(options.output_dir)
    from common.experiments.spec import StudySpec
    from common.experiments.study import Study

    folder = options.output_dir
    study = Study(StudySpec(folder, {}, {}), _dataset(options), output_dir=folder)
    exporting.export_runs(study, _exportable(records, study.dataset, folder), options)


def _exportable(records, dataset, folder):
    """Runs of `distill` on these images, without the controls; ValueError if there are none."""
    from common.runs import Run

    recorded = [Run.from_configuration(each["configuration"], each["seed"]) for each in records]
    identity = dataset.identity.items()
    of_images = [run for run in recorded if all(getattr(run, key) == v for key, v in identity)]
    runs = [run for run in of_images if not run.settings.control and not run.architecture]
    if not runs:
        raise ValueError(
            f"{folder} has no student of these images: pass --images and its options as to "
            "`distill`"
        )
    return runs


def _records(folder):
    """List of the records in a folder; ValueError if it has none."""
    from common.runs import records

    loaded = records.load_all(folder)
    if not loaded:
        raise ValueError(f"{folder} has no records: `distill` writes them")
    return loaded


def _table(options):
    if options.output_dir is None:
        output.print_tables("sklearn_digits", None)
        return
    loaded = _records(options.output_dir)
    from common import results

    groups = results.group_seeds(loaded)
    data = results.dataset_settings(groups)
    versions = {(each["dataset"], each["digest"]) for each in data}
    names = collections.Counter(name for name, _ in versions)
    for settings in data:
        several = names[settings["dataset"]] > 1
        prefix = f"images {settings['digest'][:8]} of " if several and settings["digest"] else ""
        print(results.students_table(results.select(groups, **settings), prefix))


def _parser():
    parser = argparse.ArgumentParser(
        prog=f"python -m {PACKAGE}", description="Your images and your teacher, distilled."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    summary = "train baseline, distilled student and control; print their table"
    distill = commands.add_parser("distill", help=summary)
    _add_images(distill)
    _add_training(distill)
    distill.set_defaults(command=_distill)
    summary = "write the students of `distill` as files for devices, each read back and compared"
    export = commands.add_parser("export", help=summary)
    _add_images(export)
    exporting.add_formats(export)
    _add_output_dir(export, "that `distill` wrote to; files go to its exports/")
    export.set_defaults(command=_export)
    table = commands.add_parser("table", help="print the tables of finished runs")
    folder = "folder of your records; default: the committed runs, a random forest's"
    table.add_argument("--output-dir", type=folder_option, metavar="DIR", help=folder)
    table.set_defaults(command=_table)
    return parser


def _add_images(distill):
    images = "folder with a subfolder of images for each class, or train/, val/ and test/ with such"
    distill.add_argument("--images", required=True, type=folder_option, metavar="DIR", help=images)
    size = "height and width that images are resized and center-cropped to; default: their own, or "
    size += "if sizes differ, the median of their shorter sides"
    distill.add_argument("--image-size", type=int, metavar="N", help=size)
    for split in ("validation", "test"):
        text = f"fraction of each class that is set aside for {split}, without such a folder"
        text += "; default: 0.1"
        distill.add_argument(f"--{split}", type=float, default=0.1, metavar="X", help=text)
    distill.add_argument("--name", help="of the data in records; default: the folder's")
    limit = "use only N images of each split, with the class proportions kept"
    distill.add_argument("--limit", type=int, metavar="N", help=limit)
    skip = "leave out images that cannot be read, and count them"
    distill.add_argument("--skip-unreadable", action="store_true", help=skip)
    cache = "folder of array caches, where decoded images are kept"
    distill.add_argument("--data-dir", type=folder_option, metavar="DIR", help=cache)


def _add_training(distill):
    teacher = "your .keras or .onnx file, or logits or probabilities as .npz or .npy"
    distill.add_argument("--teacher", required=True, metavar="FILE", help=teacher)
    student = "a network of common/models, such as cnn, resnet20 or mobilenet_v2; default: cnn"
    distill.add_argument("--student", default="cnn", metavar="NAME", help=student)
    seeds = "one training per seed; default: 0 1 2"
    distill.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="K", help=seeds)
    soft = "temperatures of the soft targets; default: 4"
    distill.add_argument(
        "--temperature", type=float, nargs="+", default=[4.0], metavar="T", help=soft
    )
    weight = "weight of the soft targets, 1 - alpha that of the labels; default: 0.9"
    distill.add_argument("--alpha", type=float, default=0.9, help=weight)
    for option, default in (("--epochs", 10), ("--batch-size", 128)):
        text = f"of the student's training; default: {default}"
        distill.add_argument(option, type=int, metavar="N", help=text)
    rate = "of Adam at the start, from which it falls to 0 by a cosine; default: 0.001"
    distill.add_argument("--learning-rate", type=float, metavar="R", help=rate)
    distill.add_argument("--no-control", action="store_true", help="do not train the control")
    _add_output_dir(distill, "for records, weights and logits")


def _add_output_dir(parser, purpose):
    parser.add_argument(
        "--output-dir",
        type=folder_option,
        default=packages.default_output_dir(PACKAGE),
        metavar="DIR",
        help=f"folder {purpose}; default: runs/{PACKAGE}",
    )
