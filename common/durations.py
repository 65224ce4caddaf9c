"""How long trainings will take on this machine, from a few timed batches of each net."""

import dataclasses
import math
import time

from common import comparisons, machine, teachers, views
from common.bars import bar
from common.group import Group, asked_after, build

_ANSWERED = 500  # images a batch where nothing is trained, as `Group.fit` has it


@dataclasses.dataclass(frozen=True)
class Pace:
    """Seconds that one net needs for one batch: of training, and of `_ANSWERED` answers."""

    train: float
    answer: float


def measure(run, dataset, batches=3):
    """The `Pace` of a run's net here: the fastest of `batches`, after one that compiles."""
    alone = dataclasses.replace(run, teacher=None, temperature=1, alpha=0, shuffled=False)
    group = Group([alone], dataset, {})
    images = dataset.validation.images[:_ANSWERED]
    train = _fastest(lambda: group.model.train_on_batch(*group.batches[0]), batches)
    answer = _fastest(lambda: group.model.predict_on_batch(images), batches)
    return Pace(train, answer * _ANSWERED / len(images))


def of_training(members, dataset, pace):
    """Seconds of one training of runs side by side: as many times one, validation and test in.

    Args:
        members: list of Run that train together.
        dataset: data.Dataset.
        pace: the `Pace` of one of them.
    """
    recipe, part = members[0].recipe, members[0].transfer_set.restrict(dataset)
    batches = len(part.train) // min(recipe.batch_size, len(part.train))
    validation, test = (math.ceil(len(p) / _ANSWERED) for p in (part.validation, part.test))
    answers = (len(asked_after(recipe.epochs, part)) + 1) * validation + test
    return len(members) * (recipe.epochs * batches * pace.train + answers * pace.answer)


def of_logits(dataset, run, view_set, sampled=0):
    """In words, how large a teacher's logits will be and how long asking for them takes here.

    Args:
        run: the teacher's; view_set, sampled: as in `teachers.make`.
    """
    model, images = build(run, dataset), dataset.validation.images[:_ANSWERED]
    batch = _fastest(lambda: model.predict_on_batch(images), 3)
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
        trainings: list of (runs, data.Dataset), as `Rehearsal` notes them.
    """
    runs = sum(len(members) for members, _ in trainings)
    head = f"{len(finished)} runs are finished, {runs} are to be trained"
    if not trainings:
        return [head]
    left = {}  # {net and recipe: [trainings, runs, seconds]}
    for (members, dataset), pace in zip(trainings, _paces(trainings), strict=True):
        row = left.setdefault(_name(members[0]), [0, 0, 0.0])
        seconds = of_training(members, dataset, pace)
        row[:] = row[0] + 1, row[1] + len(members), row[2] + seconds
    total = sum(row[2] for row in left.values())
    lines = [
        f"  {name}: {_counted(row[0], 'training')} of {_counted(row[1], 'run')}, {clock(row[2])}"
        for name, row in left.items()
    ]
    return [f"{head}, {clock(total)} on {machine.device()}:", *lines]


def clock(seconds):
    """Such as `about 40 s`, `about 7 min` or `about 2.5 h`."""
    for size, unit, digits in ((3600, "h", 1), (60, "min", 0)):
        if seconds >= 1.5 * size:
            return f"about {seconds / size:.{digits}f} {unit}"
    return f"about {max(seconds, 1):.0f} s"


def _paces(trainings):
    """The `Pace` of each training, each net measured once."""
    kinds = [_kind(members[0]) for members, _ in trainings]
    measured = {}
    with bar(len(set(kinds)), "timing a few batches of each net", "nets", delay=5) as line:
        for kind, (members, dataset) in zip(kinds, trainings, strict=True):
            if kind not in measured:
                measured[kind] = measure(members[0], dataset)
                line.update()
    return [measured[kind] for kind in kinds]


def _kind(run):
    """What decides the time of a batch."""
    recipe = run.recipe
    return (run.model, str(run.options), recipe.batch_size, recipe.precision, recipe.views)


def _name(run):
    epochs = f"{run.recipe.epochs} epoch{'s' * (run.recipe.epochs > 1)}"
    return f"{comparisons.name_of(run.configuration)}, {epochs}"


def _counted(count, what):
    return f"{count} {what}{'s' * (count > 1)}"


def _fastest(call, times):
    seconds = []
    for _ in range(1 + times):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    return min(seconds[1:])
