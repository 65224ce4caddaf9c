"""Throughput of the deep networks, images/s, in Keras and in plain PyTorch, in one process."""

import time

from common.benchmark import keras_contenders, timing
from common.utils.checks import require_at_least, require_choice

NETS = ("resnet164", "vgg16")
PHASES = ("inference", "training")


def add_arguments(parser):
    """Add the options of this benchmark to its `argparse` parser."""
    parser.add_argument("nets", nargs="*", metavar="NET", help=f"default: {' '.join(NETS)}")
    shape = {"nargs": 3, "type": int, "metavar": ("HEIGHT", "WIDTH", "CHANNELS")}
    parser.add_argument("--image-shape", default=(32, 32, 3), help="default: 32 32 3", **shape)
    parser.add_argument("--classes", type=int, default=100, help="default: 100")
    parser.add_argument("--batch-size", type=int, default=64, help="default: 64")
    parser.add_argument(
        "--threads",
        type=int,
        help="of each framework; with 1, processor time is measured, which other programs on the "
        "machine affect less (default: all cores, elapsed time)",
    )
    parser.add_argument("--repeats", type=int, default=5, help="timed calls of each; default: 5")


def run(options):
    """Print medians and ranges for each network and phase, and how much longer Keras takes.

    Raises:
        ValueError: a network not in `NETS`; repeats, batch size or threads below 1.
    """
    for net in options.nets:
        require_choice("net", net, NETS)
    require_at_least("repeats", options.repeats, 1)
    require_at_least("batch size", options.batch_size, 1)
    if options.threads is not None:
        require_at_least("threads", options.threads, 1)
    clock = time.process_time if options.threads == 1 else time.perf_counter
    contenders = _contenders(options.threads)
    print(f"{options.batch_size} images per call, medians of {options.repeats} interleaved calls")
    for net in options.nets or NETS:
        for phase in PHASES:
            calls = {name: make(net, phase, options) for name, make in contenders.items()}
            seconds = timing.interleaved(calls, options.repeats, clock)
            print(_line(net, phase, seconds, options.batch_size), flush=True)


def _contenders(threads):
    """{framework: function (net, phase, options) -> call}; PyTorch only if it is installed."""
    from common.backend import hardware, keras
    from common.benchmark import keras_steps

    kind = f"{threads} threads each" if threads else "all threads"
    kind = "1 thread each, processor time" if threads == 1 else kind
    print(f"{hardware.device()}, {kind}, Keras {keras.__version__} on {keras.config.backend()}")
    keras_steps.use_threads(threads)
    contenders = {"Keras": keras_steps.call}
    if keras_contenders.has_pytorch():
        from common.benchmark import torch_contenders

        torch_contenders.use_threads(threads)
        contenders["PyTorch"] = torch_contenders.call
    else:
        print("PyTorch is not installed, so Keras is timed alone: pip install -e '.[extra]'")
    return contenders


def _line(net, phase, seconds, count):
    cells = [f"{net} {phase}:"]
    for name, values in seconds.items():
        median, least, greatest = timing.rates(values, count)
        cells.append(f"{name} {median:.1f} images/s ({least:.1f} to {greatest:.1f})")
    if "PyTorch" in seconds:
        factor = timing.ratio(seconds["Keras"], seconds["PyTorch"])
        cells.append(f"Keras takes {factor:.2f} times as long")
    return "  ".join(cells)
