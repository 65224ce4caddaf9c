"""Measurements beside other libraries; without a subject: distill."""

import argparse
import importlib
import sys

# modules here, each with `add_arguments` and `run`
SUBJECTS = {
    "latency": "what each net of a data set's tables costs, latency of one image",
    "distill": "distillation beside Keras's Distiller, a PyTorch loop and plain training",
    "kernels": "kernels of a training step as a GPU would be sent them, without a GPU",
    "models": "training and inference of the deep nets, beside plain PyTorch",
}


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m common.benchmark", description=__doc__)
    choices = parser.add_subparsers(dest="subject", required=True, metavar="SUBJECT")
    modules = {}
    for name, summary in SUBJECTS.items():
        modules[name] = importlib.import_module(f"common.benchmark.{name}")
        modules[name].add_arguments(choices.add_parser(name, help=summary, description=summary))
    options = parser.parse_args(arguments or sys.argv[1:] or ["distill"])
    try:
        modules[options.subject].run(options)
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
