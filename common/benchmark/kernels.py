"""Kernel counts of a compiled training step, for a GPU that need not be present.

For small networks the step time on a GPU is roughly proportional to the number of kernels. JAX
compiles for a GPU that is only described: here NVIDIA's H100, by its published figures. Needs
`pip install "jax[cuda13]"` on Linux; other versions of JAX give other counts.
"""

import contextlib
import dataclasses
import os
import re
from importlib import metadata

from common.benchmark import tables
from common.utils.checks import require_choice

H100_TARGET = """
gpu_device_info {
  name: "NVIDIA H100" device_vendor: "NVIDIA Corporation" device_memory_size: 85000000000
  cuda_compute_capability { major: 9 feature_extension: ACCELERATED_FEATURES }
  core_count: 132 fpus_per_core: 128 clock_rate_ghz: 1.98 threads_per_warp: 32
  threads_per_block_limit: 1024 threads_per_core_limit: 2048
  thread_dim_limit_x: 1024 thread_dim_limit_y: 1024 thread_dim_limit_z: 64
  block_dim_limit_x: 2147483647 block_dim_limit_y: 65535 block_dim_limit_z: 65535
  registers_per_core_limit: 65536 registers_per_block_limit: 65536
  shared_memory_per_block: 49152 shared_memory_per_block_optin: 232448
  shared_memory_per_core: 233472 l2_cache_size: 52428800 memory_bandwidth: 3350000000000
  driver_version: "13.0.0" runtime_version: "13.0.0" compile_time_toolkit_version: "13.0.0"
  dnn_version: "9.12.0"
}
platform_name: "CUDA"
dnn_version_info { major: 9 minor: 12 }
"""
# instructions that launch nothing: they only name or regroup values
_NO_KERNELS = {"parameter", "constant", "tuple", "get-tuple-element", "bitcast", "after-all"}


def add_arguments(parser):
    """Add the options of this benchmark to its `argparse` parser."""
    parser.add_argument(
        "--write", action="store_true", help="save the counts for the table of the README"
    )


def run(options):
    """Print the table, row by row.

    Raises:
        ValueError: another backend than JAX, or a JAX that cannot compile for CUDA.
    """
    os.environ.setdefault("JAX_PLATFORMS", "cpu")  # before JAX is imported: it looks for no GPU
    from common.backend import keras
    from common.runs import provenance

    require_choice("backend, for KERAS_BACKEND,", keras.config.backend(), ["jax"])
    _target_device()
    rows = []
    for row in counts():
        rows.append(row)
        print("{}: {} and {} kernels".format(*row), flush=True)
    record = {"jax": metadata.version("jax"), "commit": provenance.git_commit(), "rows": rows}
    print(f"\n{tables.kernels_table(record)}")
    if options.write:
        tables.save_kernels(record)


def counts():
    """Yield (what against what, kernels of ours, kernels of theirs)."""
    yield from _distillation_counts()
    yield from _stack_counts()


def _distillation_counts():
    """A distilled student's step against its bare step, at two batch sizes."""
    from common.benchmark import keras_contenders, tasks

    for size in (64, 512):
        task = dataclasses.replace(tasks.CIFAR, batch_size=size, steps=64)
        data = task.dataset()
        ours = kernels(lambda task=task, data=data: keras_contenders.ours(task, data, [4.0]))
        bare = kernels(lambda task=task, data=data: keras_contenders.bare(task, data))
        yield f"{task.student} distilled, batch {size}, against its bare step", ours, bare


def _stack_counts():
    """Stacked two-layer students against the same side by side, and in turn."""
    from common.benchmark import epoch_times, keras_contenders, tasks
    from common.side_by_side import SideBySide
    from common.training.accelerated.stacked import StackedStudents

    task = dataclasses.replace(tasks.MNIST, student="mlp")
    data = task.dataset()

    def two_layer(temperatures, model_class, seeds=(0,)):
        return kernels(lambda: keras_contenders.ours(task, data, temperatures, model_class, seeds))

    five = (two_layer(epoch_times.TEMPERATURES, kind) for kind in (StackedStudents, SideBySide))
    yield "two-layer net, five temperatures as one stack, against side by side", *five
    one = two_layer([4.0], SideBySide)
    what = "two-layer net, five seeds as one stack, against in turn"
    yield what, two_layer([4.0], StackedStudents, range(5)), 5 * one


class _CountedError(Exception):
    """Ends `fit` after its step was counted."""


def kernels(epoch_of):
    """Number of kernels in one of the training steps that a GPU would run in one dispatch.

    Args:
        epoch_of: function that returns a contender, a function that fits (`keras_contenders`).
    """
    with _counting_as_on_a_gpu() as counts, contextlib.suppress(_CountedError):
        epoch_of()()
    return counts[0]


@contextlib.contextmanager
def _counting_as_on_a_gpu():
    """Make trainings keep their data on the device; yield the list that counts are added to."""
    from common.backend import hardware
    from common.training.accelerated import multi_step

    counts, originals = [], (hardware.gpu_memory, multi_step.train_function)

    def train_function(step):
        def dispatch(state, iterator):
            counts.append(of_step(step, state, next(iterator)))
            raise _CountedError

        return dispatch

    hardware.gpu_memory, multi_step.train_function = lambda: 60_000_000_000, train_function
    try:
        yield counts
    finally:
        hardware.gpu_memory, multi_step.train_function = originals


def of_step(step, state, block):
    """Number of kernels of one step in the loop of `multi_step.compiled(step)`, for the H100.

    Args:
        step: function that `multi_step.compiled` takes.
        state, block: its arguments: the training state and a block of batches.

    Raises:
        ValueError: JAX cannot compile for CUDA.
    """
    import jax

    from common.training.accelerated import multi_step

    sharding = jax.sharding.SingleDeviceSharding(_target_device())

    def shape(value):
        return jax.ShapeDtypeStruct(value.shape, value.dtype, sharding=sharding)

    traced = multi_step.compiled(step).trace(*jax.tree.map(shape, (state, block)))
    return in_loop(traced.lower(lowering_platforms=("cuda",)).compile().as_text())


def _target_device():
    """The device that `H100_TARGET` describes; ValueError if JAX has no compiler for it."""
    from jax.experimental import topologies

    target = {"topology_name": "h100", "topology": "1x1x1", "target_config": H100_TARGET}
    try:
        return topologies.get_topology_desc(platform="cuda", **target).devices[0]
    except (NotImplementedError, RuntimeError) as error:
        raise ValueError(
            f'JAX cannot compile for a GPU here ({error}): pip install "jax[cuda13]"'
        ) from None


def in_loop(text):
    """Number of kernels in the body of the first loop of a compiled program, as XLA prints it."""
    body = re.search(r" while\(.*body=%?([\w.\-]+)", text)[1]
    lines = re.search(rf"^%?{re.escape(body)} \(.*?\{{\n(.*?)^\}}", text, re.DOTALL | re.MULTILINE)
    operations = re.findall(r"^ +(?:ROOT )?%?[\w.\-]+ = .*? ([a-z\-]+)\(", lines[1], re.MULTILINE)
    return sum(operation not in _NO_KERNELS for operation in operations)
