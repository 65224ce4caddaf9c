"""Kernels of a compiled training step, as a GPU would be sent them: told without a GPU.

A small net's step takes a GPU about as long as it has kernels, whatever they compute. JAX
compiles for a GPU that is only described: here NVIDIA's H100, by its published figures. Needs
`pip install "jax[cuda13]"` on Linux; counts of other versions of JAX differ.
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
# instructions that name or move around what is there already
_NO_KERNELS = {"parameter", "constant", "tuple", "get-tuple-element", "bitcast", "after-all"}


def add_arguments(parser):
    parser.add_argument("--write", action="store_true", help="keep the counts for README's table")


def run(options):
    """Print the table, row by row.

    Raises:
        ValueError: another backend than JAX, or a JAX that cannot compile for CUDA.
    """
    os.environ.setdefault("JAX_PLATFORMS", "cpu")  # before JAX is imported: no GPU is looked for
    from common.backend import keras
    from common.runs import provenance

    require_choice("backend, for KERAS_BACKEND,", keras.config.backend(), ["jax"])
    _described_gpu()
    found = []
    for row in counts():
        found.append(row)
        print("{}: {} and {} kernels".format(*row), flush=True)
    made = {"jax": metadata.version("jax"), "commit": provenance.git_commit(), "rows": found}
    print(f"\n{tables.of_kernels(made)}")
    if options.write:
        tables.keep_kernels(made)


def counts():
    """Yield (what against what, kernels of ours, of theirs)."""
    from common.benchmark import epoch_times, keras_contenders, tasks
    from common.side_by_side import SideBySide
    from common.training.accelerated.stacked import StackedStudents

    for size in (64, 512):
        task = dataclasses.replace(tasks.CIFAR, batch_size=size, steps=64)
        data = task.dataset()
        ours = kernels(lambda task=task, data=data: keras_contenders.ours(task, data, [4.0]))
        bare = kernels(lambda task=task, data=data: keras_contenders.bare(task, data))
        yield f"{task.student} distilled, batch {size}, against its bare step", ours, bare
    task = dataclasses.replace(tasks.MNIST, student="mlp")
    data = task.dataset()

    def two_layer(temperatures, kind, seeds=(0,)):
        return kernels(lambda: keras_contenders.ours(task, data, temperatures, kind, seeds))

    what = "two-layer net, five temperatures as one stack, against side by side"
    yield (
        what,
        *(two_layer(epoch_times.TEMPERATURES, kind) for kind in (StackedStudents, SideBySide)),
    )
    alone = two_layer([4.0], SideBySide)
    what = "two-layer net, five seeds as one stack, against in turn"
    yield what, two_layer([4.0], StackedStudents, range(5)), 5 * alone


class _CountedError(Exception):
    """Ends the fit whose step was counted."""


def kernels(epoch_of):
    """Kernels in one of the training steps that a GPU would do in one dispatch.

    Args:
        epoch_of: function that returns a function that fits, as those in `distillers` are.
    """
    with _as_on_a_gpu() as counted, contextlib.suppress(_CountedError):
        epoch_of()()
    return counted[0]


@contextlib.contextmanager
def _as_on_a_gpu():
    """Have trainings keep their data on the device; yield the list that counts are added to."""
    from common.backend import hardware
    from common.training.accelerated import multi_step

    counted, originals = [], (hardware.gpu_memory, multi_step.train_function)

    def train_function(step):
        def dispatch(state, iterator):
            counted.append(of_step(step, state, next(iterator)))
            raise _CountedError

        return dispatch

    hardware.gpu_memory, multi_step.train_function = lambda: 60_000_000_000, train_function
    try:
        yield counted
    finally:
        hardware.gpu_memory, multi_step.train_function = originals


def of_step(step, state, block):
    """Kernels of one step of `fused.compiled(step)`'s loop over a block, compiled for `TARGET`."""
    import jax

    from common.training.accelerated import multi_step

    there = jax.sharding.SingleDeviceSharding(_described_gpu())

    def shape(value):
        return jax.ShapeDtypeStruct(value.shape, value.dtype, sharding=there)

    traced = multi_step.compiled(step).trace(*jax.tree.map(shape, (state, block)))
    return in_loop(traced.lower(lowering_platforms=("cuda",)).compile().as_text())


def _described_gpu():
    """The device of `TARGET`; ValueError where JAX has no compiler for it."""
    from jax.experimental import topologies

    described = {"topology_name": "h100", "topology": "1x1x1", "target_config": H100_TARGET}
    try:
        return topologies.get_topology_desc(platform="cuda", **described).devices[0]
    except (NotImplementedError, RuntimeError) as error:
        raise ValueError(
            f'JAX cannot compile for a GPU here ({error}): pip install "jax[cuda13]"'
        ) from None


def in_loop(text):
    """Kernels in the body of the first loop of a compiled program, as XLA prints it."""
    body = re.search(r" while\(.*body=%?([\w.\-]+)", text)[1]
    lines = re.search(rf"^%?{re.escape(body)} \(.*?\{{\n(.*?)^\}}", text, re.DOTALL | re.MULTILINE)
    operations = re.findall(r"^ +(?:ROOT )?%?[\w.\-]+ = .*? ([a-z\-]+)\(", lines[1], re.MULTILINE)
    return sum(operation not in _NO_KERNELS for operation in operations)
