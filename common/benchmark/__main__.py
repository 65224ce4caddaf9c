"""Measurements beside other libraries; without a subject: distillation."""

import argparse
import importlib
import sys

# modules here, each with `add_arguments` and `run`
SUBJECTS = {
    "latency": "what each net of a data set's tables costs, latency of one image",
    "distillation": "distillation beside Keras's Distiller, a PyTorch loop and plain training",
    "kernels": "kernels of a training step as a GPU would be sent them, without a GPU",
    "throughput": "training and inference of the deep nets, beside plain PyTorch",
    "teacher_epoch": "how fast a teacher of Tiny ImageNet trains here, beside its bare step",
}
FORMER = {"distill": "distillation", "models": "throughput"}  # names that still work


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m common.benchmark", description=__doc__)
    choices = parser.add_subparsers(dest="subject", required=True, metavar="SUBJECT")
    modules = {}
    for name, summary in SUBJECTS.items():
        modules[name] = importlib.import_module(f"common.benchmark.{name}")
        modules[name].add_arguments(choices.add_parser(name, help=summary, description=summary))
    first, *others = arguments or sys.argv[1:] or ["distillation"]
    if first in FORMER:
        print(f"{first} is now called {FORMER[first]}", file=sys.stderr)
    options = parser.parse_args([FORMER.get(first, first), *others])
    try:
        modules[options.subject].run(options)
    except (ValueError, OSError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
