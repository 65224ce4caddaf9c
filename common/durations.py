"""How long trainings will take on this machine, from a few timed batches of each net."""

import collections
import dataclasses
import math
import time

from common import comparisons, feed, machine, teachers, views
from common.bars import bar
from common.fitting import asked_after
from common.group import Group, build


@dataclasses.dataclass(frozen=True)
class Pace:
    """Seconds that one net needs for one batch: of training, and of `feed.BATCH_SIZE` answers."""

    train: float
    answer: float


TIMED = 3  # batches, after one that compiles
_FEW = 100  # images that a net is asked about at once: what takes longer is not timed better


def measure(run, dataset, tell=lambda: None):
    """The `Pace` of a run's net here: the fastest of `TIMED` batches, after one that compiles.

    Args:
        tell: called after each batch.
    """
    alone = dataclasses.replace(run, teacher=None, temperature=1, alpha=0, shuffled=False)
    group = Group([alone], dataset, {})
    images = dataset.validation.images[:_FEW]
    train = _fastest(lambda: group.model.train_on_batch(*group.batches[0]), tell)
    answer = _fastest(lambda: group.model.predict_on_batch(images), tell)
    return Pace(train, answer * feed.BATCH_SIZE / len(images))


def of_run(run, dataset, pace):
    """Seconds one run adds to its training, validation and test included.

    n runs side by side take n times as long.

    Args:
        run: of the training.
        dataset: splits.Dataset.
        pace: the `Pace` of the run.
    """
    recipe, part = run.recipe, run.transfer_set.restrict(dataset)
    batches = len(part.train) // min(recipe.batch_size, len(part.train))
    validation, test = (math.ceil(len(p) / feed.BATCH_SIZE) for p in (part.validation, part.test))
    answers = (len(asked_after(recipe.epochs, part)) + 1) * validation + test
    return recipe.epochs * batches * pace.train + answers * pace.answer


def of_logits(dataset, run, view_set, sampled=0):
    """In words, how large a teacher's logits will be and how long asking for them takes here.

    Args:
        run: the teacher's; view_set, sampled: as in `teachers.make`.
    """
    model, images = build(run, dataset), dataset.validation.images[:_FEW]
    with bar(1 + TIMED, f"timing the answers of {run.model}", "batches") as line:
        batch = _fastest(lambda: model.predict_on_batch(images), line.update)
    views_each = sampled or views.get(view_set).count
    answers = len(dataset.train) * views_each + len(dataset.validation) + len(dataset.test)
    size = teachers.file_size(dataset, dataset.classes, view_set, sampled) / 1e9
    return (
        f"logits of {dataset.name} in {views_each} views of each training image: {size:.2g} GB, "
        f"{answers:,} answers, {clock(answers * batch / len(images))} on {machine.device()}"
    )


def plan(finished, trainings):
    """Lines that say what is finished, and for each net what is left and how long it takes.

    Args:
        finished: names of finished runs.
        trainings: list of (runs, splits.Dataset), as `Rehearsal` notes them.
    """
    runs = sum(len(members) for members, _ in trainings)
    head = f"{len(finished)} runs are finished, {runs} are to be trained"
    if not trainings:
        return [head]
    paces = _paces(trainings)
    left = collections.defaultdict(list)  # {net and recipe: [(place of its training, seconds)]}
    for place, (members, dataset) in enumerate(trainings):
        for run in members:
            left[_name(run)].append((place, of_run(run, dataset, paces[_kind(run)])))
    total = sum(seconds for row in left.values() for _, seconds in row)
    return [f"{head}, {clock(total)} on {machine.device()}:", *map(_line, left, left.values())]


def _line(name, row):
    trainings, seconds = len({place for place, _ in row}), sum(seconds for _, seconds in row)
    what = f"{_counted(trainings, 'training')} of {_counted(len(row), 'run')}"
    return f"  {name}: {what}, {clock(seconds)}"


def clock(seconds):
    """Such as `about 40 s`, `about 7 min` or `about 2.5 h`."""
    for size, unit, digits in ((3600, "h", 1), (60, "min", 0)):
        if seconds >= 1.5 * size:
            return f"about {seconds / size:.{digits}f} {unit}"
    return f"about {max(seconds, 1):.0f} s"


def _paces(trainings):
    """{kind of run: `Pace`}, each measured once."""
    kinds = {_kind(run): (run, dataset) for members, dataset in trainings for run in members}
    measured = {}
    batches = len(kinds) * 2 * (1 + TIMED)
    with bar(batches, "timing a few batches of each net", "batches") as line:
        for kind, (run, dataset) in kinds.items():
            measured[kind] = measure(run, dataset, line.update)
    return measured


def _kind(run):
    """What decides the time of a batch."""
    recipe = run.recipe
    return (run.model, str(run.options), recipe.batch_size, recipe.precision, recipe.views)


def _name(run):
    epochs = f"{run.recipe.epochs} epoch{'s' * (run.recipe.epochs > 1)}"
    return f"{comparisons.name_of(run.configuration)}, {epochs}"


def _counted(count, what):
    return f"{count} {what}{'s' * (count > 1)}"


def _fastest(call, tell):
    seconds = []
    for _ in range(1 + TIMED):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
        tell()
    return min(seconds[1:])
