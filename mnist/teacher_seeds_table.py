"""Whether what a teacher teaches is a matter of one training of it: students of several."""

from common import results
from mnist import recipes


def table(found):
    """Markdown: errors on labels alone, then taught by each training of `recipes.RETRAINED`.

    In the last row each seed of a student has a training of its own, so that p speaks of other
    trainings of both.
    """
    teacher = recipes.TEACHERS[recipes.REPEATED_TEACHER]
    nets = [recipes.STUDENTS[name] for name in recipes.ITS_STUDENTS]
    header = [results.caption(found), "the teacher's errors", *(net.title for net in nets)]
    columns = [_column(net, teacher, found) for net in nets]
    trained = results.baseline_for(teacher, found)
    if not all(columns):
        return results.markdown(header, [[teacher.title, "", *[results.PENDING] * len(nets)]])
    labels = ["labels alone", *(f"training {seed}" for seed in sorted(trained.seeds))]
    errors = trained.values("errors")
    own = ["", *(f"{count:.0f}" for count in errors), results.mean_sd(errors)]
    labels.append("each seed by a training of its own")
    return results.markdown(header, [*zip(labels, own, *columns, strict=True)])


def of_trainings(net, found):
    """{seed of the teacher: group of `net` taught by that training}, at its first's settings."""
    teacher, first = (
        recipes.TEACHERS[recipes.REPEATED_TEACHER],
        recipes.STUDENTS[recipes.PAIRED_STUDENTS[0]],
    )
    chosen = results.best_distilled_by(first, teacher, found)
    if chosen is None:
        return {}
    settings = {key: chosen.configuration[key] for key in ("temperature", "alpha")}
    return results.by_teacher_seed(net, teacher, found, **settings)


def paired(taught):
    """The `TrainingJob` whose seed k was taught by training k.

    Args:
        taught: {seed of the teacher: Group} of one student.
    """
    own = {seed: group.seeds[seed] for seed, group in taught.items() if seed in group.seeds}
    return results.SeedGroup(next(iter(taught.values())).configuration, own)


def _column(net, teacher, found):
    """A student's cells from labels alone to its own trainings; [] while some are still to come."""
    alone, trained = results.baseline_for(net, found), results.baseline_for(teacher, found)
    taught = of_trainings(net, found)
    if alone is None or len(taught) < 2 or set(taught) != set(trained.seeds):
        return []
    groups = [taught[seed] for seed in sorted(taught)]
    cells = [results.mean_sd(alone.values("errors"))]
    for group in [*groups, paired(taught)]:
        errors = results.mean_sd(group.values("errors"))
        cells.append(f"{errors}: {results.describe_reduction(group, alone)}")
    return cells
