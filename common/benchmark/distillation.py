"""Distillation benchmark: a table of ratios to Keras's Distiller, PyTorch and plain training."""

import dataclasses
from importlib import metadata

from common.benchmark import (
    components,
    epoch_times,
    gpu_rows,
    keras_contenders,
    method_times,
    rows,
    tables,
)
from common.benchmark.tasks import MNIST
from common.utils.checks import require_at_least

LOGITS_BATCHES = 80  # of images in the logits file: so many that fixed costs do not count on a CPU


def _task(options):
    task = dataclasses.replace(MNIST, steps=options.steps or MNIST.steps)
    if options.small:
        task = dataclasses.replace(task, teacher="resnet8", student_options={"width": 0.1})
    return task


def _peers(options):
    return epoch_times.online_contenders(_task(options), options.repeats)


def _overhead(options):
    return epoch_times.overhead(_task(options), options.repeats)


def _methods(options):
    return method_times.methods(_task(options), options.repeats)


def _stack(options):
    task = epoch_times.longer(_task(options))
    return components.stack(task, epoch_times.TEMPERATURES, options.repeats)


def _logits(options):
    task = _task(options)
    if not options.small:
        task = dataclasses.replace(task, steps=LOGITS_BATCHES)
    return components.logits_file(task, options.repeats)


def _start(options):
    return components.first_step(options.repeats)


PARTS = {
    "peers": _peers,
    "overhead": _overhead,
    "methods": _methods,
    "stack": _stack,
    "logits": _logits,
    "start": _start,
    # no rows without a GPU
    "views": gpu_rows.views,
    "paths": gpu_rows.paths,
    "side-by-side": gpu_rows.side_by_side,
}


def add_arguments(parser):
    """Add the options of this benchmark to its `argparse` parser."""
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; default: all"
    )
    parser.add_argument("--repeats", type=int, default=5, help="timed epochs of each; default: 5")
    parser.add_argument("--steps", type=int, help="of a timed epoch; default: 40")
    parser.add_argument(
        "--small", action="store_true", help="tiny networks, to check that all parts run"
    )
    parser.add_argument(
        "--write", action="store_true", help="save the rows for the tables of the README"
    )


def run(options):
    """Print the table, row by row; each ratio is the median of the ratios of interleaved repeats.

    Raises:
        ValueError: an unknown part; repeats or steps below 1; `--write` of tiny networks.
    """
    _check(options)
    from common.backend import hardware, keras

    print(f"{hardware.device()}, Keras {keras.__version__} on {keras.config.backend()}")
    if not keras_contenders.has_pytorch():
        print("PyTorch is not installed, so its rows are missing: pip install -e '.[extra]'")
    measured, provenance = [], _provenance(options)  # first: HEAD may move meanwhile
    print()
    for row in rows.print_table("what, against what", PARTS, options):
        measured.append(row)
        if options.write:  # after each: a later part may be interrupted
            tables.save(provenance, measured)


def _provenance(options):
    """Hardware, versions and settings of the measurements."""
    from common.runs import provenance

    environment = provenance.environment()
    if keras_contenders.has_pytorch():
        environment["versions"]["torch"] = metadata.version("torch")
    return environment | {"repeats": options.repeats, "steps": options.steps or MNIST.steps}


def _check(options):
    rows.check(options, PARTS)
    if options.steps is not None:
        require_at_least("steps", options.steps, 1)
