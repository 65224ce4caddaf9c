"""Speed measurements against other libraries; without a subject: distillation."""

import argparse
import importlib
import sys

from common.utils import terminal

# modules of this package, each with `add_arguments` and `run`
SUBJECTS = {
    "deploy": "students on a device: accuracy in each precision, size, latency, memory",
    "latency": "parameters, multiply-adds and latency of one image, for each network of a data set",
    "distillation": "distillation against Keras's Distiller, a PyTorch loop and plain training",
    "kernels": "GPU kernels in a training step, counted without a GPU",
    "throughput": "training and inference of the deep networks, against plain PyTorch",
    "image_folder": "JPEGs per second of `data.from_folder`, against Pillow alone",
    "scaling": "the published table by workers and by Ray",
    "tensorflow_settings": "TensorFlow on a CPU with and without oneDNN, keeping freed memory",
    "teacher_epoch": "training speed of a Tiny ImageNet teacher, against its bare step",
}
ALIASES = {"distill": "distillation", "models": "throughput"}  # former names


def main(arguments=None):
    """Run one subject, `distillation` by default; bad input exits with one sentence.

    Args:
        arguments: list of str; by default those of the command line.
    """
    terminal.replace_unencodable()
    arguments = sys.argv[1:] if arguments is None else arguments
    first, *others = arguments or ["distillation"]
    if first in ALIASES:
        print(f"{first} is now called {ALIASES[first]}", file=sys.stderr)
    subject = ALIASES.get(first, first)
    parser = argparse.ArgumentParser(prog="python -m common.benchmark", description=__doc__)
    parsers = parser.add_subparsers(required=True, metavar="SUBJECT")
    for name, summary in SUBJECTS.items():
        subparser = parsers.add_parser(name, help=summary, description=summary)
        if name == subject:  # the others' imports would take seconds
            module = importlib.import_module(f"common.benchmark.{name}")
            module.add_arguments(subparser)
    options = parser.parse_args([subject, *others])
    try:
        module.run(options)
    except (ValueError, OSError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
