"""Table of architectures with their costs and sources: `python -m common.models`."""

import argparse

from common import models
from common.models.registry import ARCHITECTURES
from common.utils import terminal
from common.utils.checks import require_at_least, require_choice


def main(arguments=None):
    """Print the table; `arguments`: list of strings, default those of the command line."""
    terminal.replace_unencodable()
    parser = _parser()
    options = parser.parse_args(arguments)
    shape = tuple(options.image_shape)
    try:
        require_at_least("classes", options.classes, 2)
        for name in options.names:
            require_choice("model", name, models.NAMES)
    except ValueError as error:
        parser.error(str(error))
    size = "x".join(map(str, shape))
    print(f"images {size}, {options.classes} classes; multiply-adds of one image")
    print(f"{'name':16}{'parameters':>12}{'multiply-adds':>15}{'MB':>8}  source", flush=True)
    for name in options.names or models.NAMES:
        print(_row(name, shape, options.classes), flush=True)


def _row(name, image_shape, classes):
    try:
        model = models.build(name, image_shape, classes)
    except ValueError as error:
        return f"{name:16}{error}"
    from common.models import cost

    millions = f"{cost.multiply_adds(model) / 1e6:,.1f} M"
    costs = f"{cost.parameters(model):>12,}{millions:>15}{cost.megabytes(model):>8.2f}"
    return f"{name:16}{costs}  {ARCHITECTURES[name].source}"


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m common.models",
        description="Print each architecture's trainable parameters, multiply-adds and size.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all of them")
    parser.add_argument(
        "--image-shape",
        type=int,
        nargs=3,
        default=(32, 32, 3),
        metavar=("HEIGHT", "WIDTH", "CHANNELS"),
        help="default: 32 32 3",
    )
    parser.add_argument("--classes", type=int, default=100, help="default: 100")
    return parser


if __name__ == "__main__":
    main()
