"""Data parallelism of the command `teacher`, with a check whether it is worth it."""

from common.cli import step_timing
from common.training import data_parallel
from common.utils.progress_bar import progress_bar

MIN_EFFICIENCY = 0.5  # speed-up / devices, below which one run per device is recommended


def start(run, dataset, contexts):
    """Distribute the trainings that follow over all devices; say if one run per device is faster.

    Args:
        run: Run of the teacher.
        dataset: data.Dataset.
        contexts: contextlib.ExitStack, until whose end all trainings are distributed.

    Raises:
        ValueError: as `data_parallel.distributed`.
    """
    count = data_parallel.devices()
    batches = 4 * (1 + step_timing.TIMED)
    with progress_bar(batches, "timing steps on one device and on all", "batches", delay=5) as bar:
        alone = step_timing.measure(run, dataset, bar.update).train
        contexts.enter_context(data_parallel.distributed(run.recipe.batch_size))
        together = step_timing.measure(run, dataset, bar.update).train
    print(advice(run.model, count, alone / together))


def advice(model, count, speed_up):
    """Sentence on the measured speed-up of a model's training steps on `count` devices."""
    measured = f"{count} devices train {model} {speed_up:.1f} times as fast as one"
    if speed_up >= MIN_EFFICIENCY * count:
        return measured
    return (
        f"{measured}: it is too small for data parallelism, and one run per device (one seed each, "
        "without --data-parallel) is faster"
    )
