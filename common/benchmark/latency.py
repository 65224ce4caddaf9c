"""Cost of each network of a data set: parameters, multiply-adds, latency of one image."""

import functools
import statistics
import time
from pathlib import Path

from common.benchmark import timing
from common.results.costs import FILE, table
from common.utils import packages
from common.utils.checks import require_at_least


def add_arguments(parser):
    """Add the options of this benchmark to its `argparse` parser."""
    parser.add_argument("dataset", help="such as cifar100: the networks of its recipes")
    parser.add_argument("--image-shape", nargs=3, type=int, default=(32, 32, 3), metavar="N")
    parser.add_argument("--classes", type=int, default=100, help="default: 100")
    parser.add_argument("--repeats", type=int, default=20, help="timed calls of each; default: 20")
    parser.add_argument(
        "--write", action="store_true", help=f"save the costs in the folder's {FILE}"
    )


def run(options):
    """Print the table; with `--write` save the costs for `results.costs`.

    Raises:
        ValueError: a data set without recipes, fewer than one repeat.
    """
    require_at_least("repeats", options.repeats, 1)
    recipes = packages.load_recipes(options.dataset)
    nets = [*recipes.TEACHERS.values(), *recipes.STUDENTS.values()]
    costs = measure(nets, tuple(options.image_shape), options.classes, options.repeats)
    print(table(costs))
    if options.write:
        from common.utils import files

        files.write_json(Path(recipes.FOLDER) / FILE, costs)


def measure(nets, image_shape, classes, repeats):
    """Costs of networks as plain values, each architecture once.

    Latency is the processor time, in milliseconds, of one `predict_on_batch` of one image on one
    thread, the median of interleaved calls; other programs hardly affect it.

    Args:
        nets: list of runs.ModelSpec.
        image_shape, classes: of the data set.
        repeats: timed calls of each network.

    Returns:
        {"device", "repeats", "nets": {name: {"parameters", "multiply_adds", "milliseconds"}}}.
    """
    from common.backend import hardware
    from common.benchmark import keras_steps
    from common.models import cost

    keras_steps.use_threads(1)
    built = _build(nets, image_shape, classes)
    milliseconds = _latencies(built, image_shape, repeats)
    costs = {
        name: {
            "parameters": cost.parameters(model),
            "multiply_adds": cost.multiply_adds(model),
            "milliseconds": round(milliseconds[name], 2),
        }
        for name, model in built.items()
    }
    return {"device": hardware.device(), "repeats": repeats, "nets": costs}


def _latencies(built, image_shape, repeats):
    """{name: median milliseconds of one `predict_on_batch` of one image}."""
    import numpy as np

    image = np.zeros((1, *image_shape), "float32")
    calls = {
        name: functools.partial(model.predict_on_batch, image) for name, model in built.items()
    }
    seconds = timing.interleaved(calls, repeats, time.process_time)
    return {name: 1e3 * statistics.median(values) for name, values in seconds.items()}


def _build(nets, image_shape, classes):
    """{name: model}, each architecture once."""
    from common import models, results
    from common.utils.progress_bar import progress_bar

    named = {results.display_name({"model": n.model, "options": n.options}): n for n in nets}
    built = {}
    with progress_bar(len(named), "building each net", "nets", delay=5) as bar:
        for name, net in named.items():
            built[name] = models.build(net.model, image_shape, classes, **net.options)
            bar.update()
    return built
