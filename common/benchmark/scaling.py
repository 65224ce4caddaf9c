"""Scaling benchmark: the published table of MNIST by each executor."""

import contextlib
import importlib.util
import tempfile
import time

from common.benchmark import rows, tables, timing
from common.benchmark.rows import Row

DATASET, TABLE = "mnist", "published"
TASKS = 100  # without work, to time what an executor adds to each


def _engines(options):
    """Rows of the trainings of the table by two workers of one thread, against the loop."""
    calls = {name: _trainings(engine, options) for name, engine in _executors().items()}
    seconds = timing.interleaved(calls, options.repeats, warm_up=0)
    loop = seconds.pop("the loop")
    table = f"published table of {DATASET}{_seeds_text(options.seeds)}"
    for name, values in seconds.items():
        yield Row(f"{table}, by {name}, against the loop", values, loop, "s", "times")


def _overhead(options):
    """Rows of the start of an executor, and of a task without work."""
    engines = {name: engine for name, engine in _executors().items() if engine}
    starts, tasks = ({name: [] for name in engines} for _ in range(2))
    for _ in range(options.repeats):
        for name, engine in engines.items():
            start, task = _times_without_work(engine)
            starts[name].append(start)
            tasks[name].append(1000 * task)
    first, *others = engines
    for name in others:
        start, task = f"start of {name}, against {first}", f"task of {name}, against {first}"
        yield Row(start, starts[name], starts[first], "s", "difference")
        yield Row(task, tasks[name], tasks[first], "ms", "difference")


PARTS = {"engines": _engines, "overhead": _overhead}


def add_arguments(parser):
    """Add the options of this benchmark to its `argparse` parser."""
    parts = f"of {', '.join(PARTS)}; default: all"
    parser.add_argument("parts", nargs="*", metavar="PART", help=parts)
    parser.add_argument("--repeats", type=int, default=3, help="of each; default: 3")
    seeds = "of the trainings of engines, nine per seed; default: all"
    parser.add_argument("--seeds", type=int, nargs="+", metavar="K", help=seeds)
    small = "one epoch on few images, to check that all parts run"
    parser.add_argument("--small", action="store_true", help=small)
    save = "save the rows for the tables of the README"
    parser.add_argument("--write", action="store_true", help=save)


def run(options):
    """Print the table, row by row.

    Raises:
        ValueError: an unknown part; repeats below 1; `--write` of small trainings.
    """
    rows.check(options, PARTS)
    from common.runs import provenance

    environment = provenance.environment() | {"repeats": options.repeats}
    if not _has_ray():
        print("Ray is not installed, so its rows are missing: pip install -e '.[ray]'")
    measured = list(rows.print_table(environment["device"], PARTS, options))
    if options.write:
        tables.save(environment, measured, file=tables.SCALING)


def _executors():
    """{name: function () -> executor; None for the loop}, of two tasks at once of one thread."""
    from common.utils.ray_executor import RayExecutor
    from common.utils.workers import LocalWorkers

    engines = {"the loop": None, "two workers": lambda: LocalWorkers(2, threads=1)}
    if _has_ray():
        engines["two tasks of Ray"] = lambda: RayExecutor(slots=2)
    return engines


def _has_ray():
    return importlib.util.find_spec("ray") is not None


def _trainings(engine, options):
    """Function that trains all students of the table; on few images if `options.small`."""
    from common import data
    from common.experiments.reproduction import reproduce_students
    from common.experiments.study import Study
    from common.utils import packages

    spec = packages.load_module(DATASET, "recipes").STUDY
    table = packages.load_module(DATASET, "tables").REPRODUCED[TABLE]
    dataset = data.load(DATASET, limit=200 if options.small else None)
    if options.write:
        tables.require_dataset(dataset, DATASET)
    settings = {"retrain": "students", "epochs": 1 if options.small else None}
    settings["seeds"] = options.seeds or ([0, 1] if options.small else None)

    def train():
        start = time.perf_counter()
        with (
            tempfile.TemporaryDirectory() as folder,
            engine() if engine else contextlib.nullcontext() as executor,
        ):
            study = Study(spec, dataset, output_dir=folder, executor=executor, **settings)
            reproduce_students(study, table)
            return time.perf_counter() - start

    return train


def _seeds_text(seeds):
    """What a row says of its seeds; nothing if they are all."""
    if seeds is None:
        return ""
    return f", seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))} only"


def _times_without_work(engine):
    """(seconds to start an executor and run a task, seconds per further task)."""
    start = time.perf_counter()
    with engine() as executor:
        executor.submit(abs, -1).result()
        began = time.perf_counter()
        for future in [executor.submit(abs, -1) for _ in range(TASKS)]:
            future.result()
        return began - start, (time.perf_counter() - began) / TASKS
