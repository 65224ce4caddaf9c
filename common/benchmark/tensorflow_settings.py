"""TensorFlow on a CPU as this repository sets it, against each setting switched off.

oneDNN is TensorFlow's own default on CPUs with AVX512_VNNI; keeping freed memory is a setting of
glibc.

`python -m common.benchmark tensorflow_settings` starts a process for each network and setting.
`python -m common.benchmark.tensorflow_settings NETWORK SIDE` is such a process: it prints the
images/s of training and of prediction.
"""

import dataclasses
import os
import statistics
import sys

from common.benchmark import startup, timing
from common.utils import freed_memory
from common.utils.checks import require_at_least
from common.utils.progress_bar import progress_bar

# name of a network, and the side of its images in pixels
NETWORKS = (
    ("cnn", 28),
    ("resnet20", 32),
    ("resnet164", 32),
    ("vgg16", 32),
    ("shufflenet", 32),
    ("shufflenet", 64),
)
OURS = "ours"
# environment variables that switch one setting off
ENVIRONMENTS = {
    OURS: {},
    "oneDNN": {"TF_ENABLE_ONEDNN_OPTS": "0"},
    "keeping freed memory": {"GLIBC_TUNABLES": ""},
}
PHASES = ("training", "prediction")
BATCH_SIZE, STEPS, CLASSES = 64, 4, 100


def add_arguments(parser):
    """Add the options of this benchmark to its `argparse` parser."""
    parser.add_argument("--repeats", type=int, default=3, help="processes of each; default: 3")


def run(options):
    """Print the table: images/s, and how many times as fast each setting makes them.

    Raises:
        ValueError: repeats below 1; a process failed.
    """
    require_at_least("repeats", options.repeats, 1)
    from common.backend import hardware
    from common.results import markdown

    measured = _measure(options.repeats)
    gains = [f"times as fast by {name}" for name in ENVIRONMENTS if name != OURS]
    header = [f"{hardware.processor()}, medians of {options.repeats}", "images/s", *gains]
    print(markdown(header, [row for network in NETWORKS for row in _rows(network, measured)]))


def _measure(repeats):
    """{(network, environment): list of (training, prediction) images/s}, measured in turn."""
    measured = {(network, name): [] for network in NETWORKS for name in ENVIRONMENTS}
    with progress_bar(
        len(measured) * repeats, "timing each in turn", "processes", stream=sys.stderr
    ) as bar:
        for network in NETWORKS:
            for _ in range(repeats):
                for name, variables in ENVIRONMENTS.items():
                    measured[network, name].append(_in_process(network, variables))
                    bar.update()
    return measured


def _in_process(network, variables):
    """(training, prediction) images/s of a network in a new process with these variables."""
    command = [sys.executable, "-m", "common.benchmark.tensorflow_settings", *map(str, network)]
    environment = {k: v for k, v in os.environ.items() if not freed_memory.sets_allocator(k)}
    environment.pop("TF_ENABLE_ONEDNN_OPTS", None)
    environment |= {"KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": ""} | variables
    return tuple(map(float, startup.output(command, environment).split()))


def _rows(network, measured):
    """Cells of a network's two rows."""
    name, side = network
    for phase, title in enumerate(PHASES):
        rates = {
            each: [values[phase] for values in measured[network, each]] for each in ENVIRONMENTS
        }
        ours = rates.pop(OURS)
        ratios = [timing.ratio(ours, default) for default in rates.values()]
        cells = [f"{statistics.median(ours):,.0f}", *(f"{ratio:.1f}" for ratio in ratios)]
        yield [f"{name}, {side}×{side}, {title}", *cells]


def main(name, side):
    """Print the images/s of training and prediction of a network on random images."""
    from common.backend import batching
    from common.benchmark.tasks import Task
    from common.cli import step_timing

    task = Task("", name, (side, side, 1 if side == 28 else 3), CLASSES, BATCH_SIZE, STEPS)
    dataset = task.dataset()
    # predictions are timed on validation images, of which a task has 8
    dataset = dataclasses.replace(dataset, validation=dataset.train)
    times = step_timing.measure(task.baseline_run(), dataset)
    print(BATCH_SIZE / times.train, batching.BATCH_SIZE / times.predict)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
