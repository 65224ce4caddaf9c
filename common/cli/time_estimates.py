"""How long trainings will take on this machine, from a few timed batches of each net."""

import collections
import gc
import math

from common import results, teachers
from common.backend import batching, hardware
from common.cli import step_timing
from common.data import views
from common.runs.model_io import build_model
from common.training.fit import validation_epochs
from common.utils.progress_bar import progress_bar


def run_seconds(run, dataset, found):
    """Seconds one run adds to its training, validation and test included.

    n runs side by side take n times as long, less in a stack.

    Args:
        run: of the training.
        dataset: data.Dataset.
        found: the `StepTimes` of the run.
    """
    recipe, part = run.recipe, run.transfer_set.restrict(dataset)
    batches = len(part.train) // min(recipe.batch_size, len(part.train))
    validation, test = (
        math.ceil(len(p) / batching.BATCH_SIZE) for p in (part.validation, part.test)
    )
    answers = (len(validation_epochs(recipe.epochs, part)) + 1) * validation + test
    return recipe.epochs * batches * found.train + answers * found.answer


def describe_logits(dataset, run, view_set, seconds=None):
    """A sentence: how large a teacher's logits will be and how long they take here.

    Args:
        run: the teacher's; view_set: as in `teachers.make`.
        seconds: of computing them all; `logits_seconds` if not given.
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


def logits_seconds(dataset, run, view_set, answer=None):
    """Seconds that computing all of a teacher's logits takes here.

    Args:
        run, view_set: as for `describe_logits`.
        answer: seconds of one batch, of a `StepTimes`; timed here if not given.
    """
    if answer is None:
        model = build_model(run, dataset)
        with progress_bar(
            1 + step_timing.TIMED, f"timing the logits of {run.model}", "batches"
        ) as line:
            answer = step_timing.of_answers(model, dataset, line.update)
    return _predictions(dataset, view_set) * answer / batching.BATCH_SIZE


def _predictions(dataset, view_set):
    train = len(dataset.train) * views.get(view_set).seen_per_image
    return train + len(dataset.validation) + len(dataset.test)


def plan(finished, trainings, pending_logits=()):
    """Lines that say what is finished, and for each network what remains and how long it takes.

    Args:
        finished: names of finished runs.
        trainings, pending_logits: lists of (runs, data.Dataset) and of arguments of
            `describe_logits`, as a `DryRun` notes them.
    """
    runs = sum(len(members) for members, _ in trainings)
    head = f"{_counted(len(finished), 'run')} finished, {_counted(runs, 'run')} to be trained"
    if not (trainings or pending_logits):
        return [head]
    paces = _paces(trainings)
    left = collections.defaultdict(list)  # {net and recipe: [(place of its training, seconds)]}
    for place, (members, dataset) in enumerate(trainings):
        for run in members:
            left[_name(run)].append((place, run_seconds(run, dataset, paces[_kind(run)])))
    answers = [logits_seconds(*each, answer=_answer(paces, each[1])) for each in pending_logits]
    total = sum(seconds for row in left.values() for _, seconds in row) + sum(answers)
    rows = [
        f"  {describe_logits(*each, took)}"
        for each, took in zip(pending_logits, answers, strict=True)
    ]
    return [
        f"{head}, {format_duration(total)} on {hardware.device()}:",
        *map(_line, left, left.values()),
        *rows,
    ]


def _answer(paces, run):
    """What `paces` have of a teacher's answers; None where it was not timed."""
    return paces[_kind(run)].answer if _kind(run) in paces else None


def _line(name, row):
    trainings, seconds = len({place for place, _ in row}), sum(seconds for _, seconds in row)
    what = f"{_counted(trainings, 'training')} of {_counted(len(row), 'run')}"
    return f"  {name}: {what}, {format_duration(seconds)}"


def format_duration(seconds):
    """Such as `about 40 s`, `about 7 min` or `about 2.5 h`."""
    for size, unit, digits in ((3600, "h", 1), (60, "min", 0)):
        if seconds >= 1.5 * size:
            return f"about {seconds / size:.{digits}f} {unit}"
    return f"about {max(seconds, 1):.0f} s"


def _paces(trainings):
    """{kind of run: `StepTimes`}, each measured once."""
    kinds = {_kind(run): (run, dataset) for members, dataset in trainings for run in members}
    measured = {}
    batches = len(kinds) * 2 * (1 + step_timing.TIMED)
    with progress_bar(batches, "timing a few batches of each net", "batches") as line:
        for kind, (run, dataset) in kinds.items():
            measured[kind] = step_timing.measure(run, dataset, line.update)
    gc.collect()  # of models and data on a device, which are cycles
    return measured


def _kind(run):
    """What decides the time of a batch."""
    recipe = run.recipe
    return (run.model, str(run.options), recipe.batch_size, recipe.precision, recipe.views)


def _name(run):
    epochs = f"{run.recipe.epochs} epoch{'s' * (run.recipe.epochs > 1)}"
    return f"{results.display_name(run.configuration)}, {epochs}"


def _counted(count, what):
    return f"{count} {what}{'s' * (count != 1)}"
