"""Time estimates of trainings and logits on this machine, from a few timed batches per network."""

import collections
import gc
import math

from common import results, teachers
from common.backend import batching, hardware, precision
from common.cli import step_timing
from common.data import views
from common.runs.model_io import build_model
from common.training.validation import validation_epochs
from common.utils.progress_bar import progress_bar


def plan(finished, trainings, pending_logits=()):
    """Lines that say what is finished, and what is missing per network and how long it takes.

    Args:
        finished: set of names of finished runs.
        trainings: list of `dry_run.Training`.
        pending_logits: list of (data.Dataset, teacher's Run, ViewSet), likewise.
    """
    runs = sum(len(training.members) for training in trainings)
    head = f"{_counted(len(finished), 'run')} finished, {_counted(runs, 'run')} to be trained"
    if not (trainings or pending_logits):
        return [head]
    step_times = _measure(trainings)
    by_network = _training_seconds(trainings, step_times)
    for_logits = [
        logits_seconds(*pending, predict=_predict_seconds(step_times, pending[1]))
        for pending in pending_logits
    ]
    total = sum(seconds for row in by_network.values() for _, seconds in row) + sum(for_logits)
    pairs = zip(pending_logits, for_logits, strict=True)
    precisions = {run.recipe.precision for training in trainings for run in training.members}
    sentence = precision.substitution(precisions)
    return [
        f"{head}, {format_duration(total)} on {hardware.device()}:",
        *(_line(*item) for item in by_network.items()),
        *(f"  {describe_logits(*pending, seconds)}" for pending, seconds in pairs),
        *([f"  {sentence}"] if sentence else []),
    ]


def run_seconds(run, dataset, step_times, trained_epochs=0):
    """Seconds that one run adds to its training; validation, test and checkpoints included.

    n runs side by side take n times as long; a stack takes less.

    Args:
        run: Run.
        dataset: data.Dataset.
        step_times: `StepTimes` of the run.
        trained_epochs: number of epochs that are trained already.
    """
    recipe, data = run.recipe, run.transfer_set.restrict(dataset)
    batches = len(data.train) // min(recipe.batch_size, len(data.train))
    validation, test = (
        math.ceil(len(split) / batching.BATCH_SIZE) for split in (data.validation, data.test)
    )
    epochs = recipe.epochs - trained_epochs
    validated = [e for e in validation_epochs(recipe.epochs, data) if e > trained_epochs]
    predictions = len(validated) * validation + test
    training = epochs * (batches * step_times.train + step_times.checkpoint)
    return training + predictions * step_times.predict


def describe_logits(dataset, run, view_set, seconds=None):
    """A sentence: size of a teacher's logits, and time to compute them on this machine.

    Args:
        dataset: data.Dataset.
        run: Run of the teacher.
        view_set: as in `teachers.make`.
        seconds: time to compute all logits; `logits_seconds` by default.
    """
    if seconds is None:
        seconds = logits_seconds(dataset, run, view_set)
    gigabytes = teachers.file_size(dataset, dataset.classes, view_set) / 1e9
    count = views.get(view_set).seen_per_image
    return (
        f"logits of {run.model} on {dataset.name} in {_counted(count, 'view')} of each training "
        f"image: {gigabytes:.2g} GB, {_predictions(dataset, view_set):,} predictions, "
        f"{format_duration(seconds)}"
    )


def logits_seconds(dataset, run, view_set, predict=None):
    """Seconds to compute all of a teacher's logits on this machine.

    Args:
        dataset, run, view_set: as in `describe_logits`.
        predict: seconds per batch, `StepTimes.predict`; measured here if None.
    """
    if predict is None:
        model, batches = build_model(run, dataset), 1 + step_timing.TIMED
        with progress_bar(batches, f"timing predictions of {run.model}", "batches") as line:
            predict = step_timing.prediction_seconds(model, dataset, line.update)
    return _predictions(dataset, view_set) * predict / batching.BATCH_SIZE


def format_duration(seconds):
    """Duration in words, such as `about 40 s`, `about 7 min` or `about 2.5 h`."""
    for size, unit, digits in ((3600, "h", 1), (60, "min", 0)):
        if seconds >= 1.5 * size:
            return f"about {seconds / size:.{digits}f} {unit}"
    return f"about {max(seconds, 1):.0f} s"


def _predictions(dataset, view_set):
    """Number of predictions in a teacher's logits file."""
    train = len(dataset.train) * views.get(view_set).seen_per_image
    return train + len(dataset.validation) + len(dataset.test)


def _measure(trainings):
    """{kind of run: `StepTimes`}, each kind measured once."""
    kinds = {_kind(run): (run, t.dataset) for t in trainings for run in t.members}
    measured = {}
    batches = len(kinds) * 2 * (1 + step_timing.TIMED)
    with progress_bar(batches, "timing a few batches of each network", "batches") as line:
        for kind, (run, dataset) in kinds.items():
            measured[kind] = step_timing.measure(run, dataset, line.update)
    gc.collect()  # models and their data in GPU memory are cyclic garbage
    return measured


def _training_seconds(trainings, step_times):
    """{network and recipe: list of (index of the training, seconds of the run)}."""
    by_network = collections.defaultdict(list)
    for index, training in enumerate(trainings):
        for run in training.members:
            times = step_times[_kind(run)]
            seconds = run_seconds(run, training.dataset, times, training.trained_epochs)
            by_network[_name(run)].append((index, seconds))
    return by_network


def _predict_seconds(step_times, run):
    """`StepTimes.predict` of a teacher; None if it was not measured."""
    return step_times[_kind(run)].predict if _kind(run) in step_times else None


def _kind(run):
    """Tuple of the settings that determine the time of a batch."""
    recipe = run.recipe
    network = (run.model, run.architecture, str(run.options))
    return (*network, recipe.batch_size, recipe.precision, recipe.views, recipe.augmentation)


def _line(name, row):
    trainings, seconds = len({index for index, _ in row}), sum(seconds for _, seconds in row)
    counts = f"{_counted(trainings, 'training')} of {_counted(len(row), 'run')}"
    return f"  {name}: {counts}, {format_duration(seconds)}"


def _name(run):
    epochs = f"{run.recipe.epochs} epoch{'s' * (run.recipe.epochs > 1)}"
    return f"{results.display_name(run.configuration)}, {epochs}"


def _counted(count, noun):
    return f"{count} {noun}{'s' * (count != 1)}"
