"""What the data sets' tables share: which groups a row is about, and how its cells read.

A net is a `runs.Net` of a data set's recipes; `found` are groups of one data set and limit.
"""

import dataclasses

from common import comparisons, experiments, results
from common.runs import Run


def of(net, found):
    """The groups that train `net` by its recipe, with any teacher, each in its first training.

    The number of epochs may differ, as in a quick look; nothing else may.
    """
    groups = _in_all_trainings(net, found)
    trainings = sorted((group.training for group in groups if group.teacher), reverse=True)
    first = dict(trainings)  # {id of the teacher's run: its least seed}
    return [g for g in groups if not g.teacher or g.training[1] == first[g.training[0]]]


def alone(net, found):
    """The group of `net` on labels alone; None if there is none."""
    return next((group for group in of(net, found) if not group.teacher), None)


def taught(net, teacher, found):
    """The groups of `net` taught by the net `teacher`, trained by its recipe."""
    return [group for group in of(net, found) if group.teacher and _teaches(teacher, group)]


def distilled(net, teacher, found):
    """The group taught by `teacher` that validation chooses; None if there is none."""
    groups = [g for g in taught(net, teacher, found) if not g.configuration["shuffled"]]
    return experiments.chosen(groups) if groups else None


def trio(net, teacher, found):
    """`experiments.Trio` of `net` on labels alone, taught by `teacher`, and its control."""
    return experiments.Trio([alone(net, found), *taught(net, teacher, found)])


def trainings(net, teacher, found, **settings):
    """{seed of the teacher: group of `net` taught by that training of it}, at one T and alpha."""
    groups = [g for g in _in_all_trainings(net, found) if g.teacher and _teaches(teacher, g)]
    at = comparisons.select(groups, shuffled=False, **settings)
    return {group.training[1]: group for group in at}


def grid(net, teacher, found, temperatures, alphas):
    """The groups of `net` taught by `teacher`: a list for each temperature, one for each alpha."""
    groups = taught(net, teacher, found)
    rows = []
    for temperature in temperatures:
        at = comparisons.select(groups, temperature=float(temperature), shuffled=False)
        rows.append([comparisons.select(at, alpha=float(alpha))[0] for alpha in alphas])
    return rows


def students(nets, found, study=""):
    """Every group of each net: labels alone, every temperature and alpha, and the control."""
    groups = [group for net in nets for group in in_order(of(net, found))]
    return results.students_table(groups, study)


def in_order(groups):
    """Groups of one net by teacher, control last, alpha and temperature."""

    def key(group):
        own = group.configuration
        return (group.teacher or "", own["shuffled"], own["alpha"], own["temperature"])

    return sorted(groups, key=key)


PUBLISHED_COLUMNS = ("published %", "ours %", "our errors", "fewer than alone", "p (t)")
PUBLISHED_COLUMNS += ("p (McNemar)",)


def published_row(label, published, group, baseline=None):
    """Cells of one row: a label, then the `PUBLISHED_COLUMNS`.

    Args:
        published: the printed accuracy in %; None where nobody printed one.
        group: ours; None if it has not been run yet.
        baseline: the group on labels alone that it is compared with.
    """
    row = [label, f"{published:.2f}" if published else ""]
    if group is None:
        return [*row, results.NOT_RUN, *[""] * (len(PUBLISHED_COLUMNS) - 2)]
    row += [comparisons.spread(group.values("accuracy"), 2, 100)]
    row += [comparisons.spread(group.values("errors"))]
    return [*row, *results.comparison_cells(group, baseline)]


def teachers(nets, published, found):
    """Markdown: every teacher beside the accuracy that others print.

    Args:
        nets: {name: net}.
        published: {name: accuracy in %}, of some of them.
    """
    rows = [
        published_row(net.title, published.get(name), alone(net, found))
        for name, net in nets.items()
    ]
    return results.markdown([comparisons.title(found), *PUBLISHED_COLUMNS], rows)


def crossed(students, teachers, found):
    """Markdown: a row a student, a column a teacher; each cell accuracy alone → distilled, in %.

    Args:
        students, teachers: lists of nets.
    """
    header = [comparisons.title(found), *(f"taught by {teacher.title}" for teacher in teachers)]
    rows = [[s.title, *(_crossed(s, teacher, found) for teacher in teachers)] for s in students]
    return results.markdown(header, rows)


def _crossed(net, teacher, found):
    baseline, group = alone(net, found), distilled(net, teacher, found)
    if baseline is None or group is None:
        return results.NOT_RUN
    pair = (comparisons.spread(g.values("accuracy"), 2, 100) for g in (baseline, group))
    p = comparisons.compare(group, baseline).p
    return " → ".join(pair) + comparisons.p_in_words(p, without="")


def _in_all_trainings(net, found):
    return [g for g in found if g.configuration == _as_recipe_has_it(net, g.configuration)]


def _as_recipe_has_it(net, own):
    taught = {key: own[key] for key in ("teacher", "temperature", "alpha", "shuffled")}
    return _run(net, own, own["recipe"]["epochs"], **taught).configuration


def _teaches(teacher, group):
    own = group.configuration
    epochs = (teacher.recipe.epochs, own["recipe"]["epochs"])  # the student's in a quick look
    return group.training[0] in {_run(teacher, own, n).id for n in epochs}


def _run(net, own, epochs, **taught):
    recipe = dataclasses.replace(net.recipe, epochs=epochs)
    same = {"options": net.options, "limit": own["limit"], "transfer_set": net.transfer_set}
    return Run(own["dataset"], net.model, recipe, **same, **taught)
