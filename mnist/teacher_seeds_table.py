"""Whether what a teacher teaches is a matter of one training of it: students of several."""

from common import results
from mnist import recipes


def table(found):
    """Markdown: errors on labels alone, then taught by each training of `recipes.RETRAINED`.

    In the last row each seed of a student has a training of its own, so that p speaks of other
    trainings of both.
    """
    teacher = recipes.TEACHERS[recipes.RETRAINED]
    nets = [recipes.STUDENTS[name] for name in recipes.RETAUGHT]
    header = [results.title(found), "the teacher's errors", *(net.title for net in nets)]
    columns = [_column(net, teacher, found) for net in nets]
    trained = results.alone(teacher, found)
    if not all(columns):
        return results.markdown(header, [[teacher.title, "", *[results.NOT_RUN] * len(nets)]])
    labels = ["labels alone", *(f"training {seed}" for seed in sorted(trained.seeds))]
    errors = trained.values("errors")
    own = ["", *(f"{count:.0f}" for count in errors), results.spread(errors)]
    labels.append("each seed by a training of its own")
    return results.markdown(header, [*zip(labels, own, *columns, strict=True)])


def of_trainings(net, found):
    """{seed of the teacher: group of `net` taught by that training}, at its first's settings."""
    teacher, first = recipes.TEACHERS[recipes.RETRAINED], recipes.STUDENTS[recipes.CROSSED[0]]
    chosen = results.distilled(first, teacher, found)
    if chosen is None:
        return {}
    settings = {key: chosen.configuration[key] for key in ("temperature", "alpha")}
    return results.trainings(net, teacher, found, **settings)


def paired(taught):
    """The `Group` whose seed k was taught by training k.

    Args:
        taught: {seed of the teacher: Group} of one student.
    """
    own = {seed: group.seeds[seed] for seed, group in taught.items() if seed in group.seeds}
    return results.Group(next(iter(taught.values())).configuration, own)


def _column(net, teacher, found):
    """A student's cells from labels alone to its own trainings; [] while some are still to come."""
    alone, trained = results.alone(net, found), results.alone(teacher, found)
    taught = of_trainings(net, found)
    if alone is None or len(taught) < 2 or set(taught) != set(trained.seeds):
        return []
    groups = [taught[seed] for seed in sorted(taught)]
    cells = [results.spread(alone.values("errors"))]
    for group in [*groups, paired(taught)]:
        errors = results.spread(group.values("errors"))
        cells.append(f"{errors}: {results.finding(group, alone)}")
    return cells
