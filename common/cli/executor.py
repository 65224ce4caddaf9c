"""Executor of a training command: local workers of `--workers`, tasks of `--ray`, or none."""

import contextlib

from common.utils.checks import require_at_least


def check(options):
    """Raise ValueError unless the options for executors go together; nothing is started.

    Args:
        options: argparse.Namespace of a training command.
    """
    require_at_least("workers", options.workers, 1)
    if options.ray and options.workers > 1:
        raise ValueError("--workers and --ray exclude each other: choose one of the two")
    if getattr(options, "data_parallel", False) and (options.ray or options.workers > 1):
        raise ValueError(
            "--data-parallel distributes a training over the devices of one process: leave out "
            "--workers and --ray"
        )
    if options.shared and not options.ray:
        raise ValueError("--shared is a folder of all nodes of Ray: add --ray, or leave it out")


def executor(options):
    """Context of the executor, as in `training.run`; of None to train in this process.

    Args:
        options: argparse.Namespace of a training command, checked.

    Raises:
        ValueError: as `RayExecutor`.
    """
    prints_only = (getattr(options, name, False) for name in ("dry_run", "list", "committed"))
    if any(prints_only):
        return contextlib.nullcontext()
    if options.ray:
        from common.utils.ray_executor import RayExecutor

        return RayExecutor(options.ray, options.shared, options.data_dir)
    return _local_workers(options.workers)


def _local_workers(workers):
    if workers < 2:
        return contextlib.nullcontext()
    from common.backend import hardware
    from common.utils.workers import LocalWorkers

    if hardware.gpu_memory():
        print("a GPU is used by one process only: --workers is ignored")
        return contextlib.nullcontext()
    return LocalWorkers(workers)
