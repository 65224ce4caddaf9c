"""Options of `python -m your_data`: images, training, files for a device, tables."""

import argparse

from common.cli import exporting
from common.cli.options import folder_option
from common.utils import packages

PACKAGE = "your_data"


def parser(functions):
    """Parser of the commands.

    Args:
        functions: {"distill", "export", "table": function of the options}, which become `command`.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m {PACKAGE}", description="Your images and your teacher, distilled."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    summary = "train baseline, distilled student and control; print their table"
    distill = commands.add_parser("distill", help=summary)
    _add_images(distill)
    _add_training(distill)
    distill.set_defaults(command=functions["distill"])
    summary = "write the students of `distill` as files for devices, each read back and compared"
    export = commands.add_parser("export", help=summary)
    _add_images(export)
    exporting.add_formats(export)
    _add_output_dir(export, "that `distill` wrote to; files go to its exports/")
    export.set_defaults(command=functions["export"])
    table = commands.add_parser("table", help="print the tables of finished runs")
    folder = "folder of your records; default: the committed runs, a random forest's"
    table.add_argument("--output-dir", type=folder_option, metavar="DIR", help=folder)
    table.set_defaults(command=functions["table"])
    return parser


def _add_images(distill):
    images = (
        "folder with a subfolder of images for each class, or train/, val/ and test/ with such "
        "subfolders"
    )
    distill.add_argument("--images", required=True, type=folder_option, metavar="DIR", help=images)
    size = "height and width that images are resized and center-cropped to; default: that of the "
    size += "images or, if their sizes differ, the median of the shorter sides"
    distill.add_argument("--image-size", type=int, metavar="N", help=size)
    for split in ("validation", "test"):
        text = f"fraction of each class that is set aside for {split}, without such a folder"
        text += "; default: 0.1"
        distill.add_argument(f"--{split}", type=float, default=0.1, metavar="X", help=text)
    distill.add_argument("--name", help="of the data in records; default: the folder's")
    limit = "use only N images of each split, in the same class proportions"
    distill.add_argument("--limit", type=int, metavar="N", help=limit)
    skip = "leave out images that cannot be read, and count them"
    distill.add_argument("--skip-unreadable", action="store_true", help=skip)
    cache = "folder of array caches, which hold decoded images"
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
