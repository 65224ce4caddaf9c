"""CIFAR-100's tables, each made from the groups of one data set's records alone."""

from cifar100 import field, large, longer, pilot, recipes
from common import comparisons, results, tables
from common.benchmark import latency

FOLDER = recipes.FOLDER


def of_pilot(found):
    """The pilot's teacher and students: labels alone, distilled, and the shuffled control."""
    nets = [*pilot.TEACHERS.values(), *pilot.STUDENTS.values()]
    return tables.students(nets, found, "pilot on ")


def of_longer(found):
    """The pilot's ConvNet in five times the epochs: labels alone, distilled, and its control."""
    epochs = longer.STUDENTS["longer_cnn"].recipe.epochs
    return tables.students(longer.STUDENTS.values(), found, f"pilot, {epochs} epochs, on ")


def of_teachers(found):
    """The large study's teachers beside what others print."""
    return tables.teachers(large.TEACHERS, large.PUBLISHED, found)


def of_large(found):
    """The large study: a row a student, a column a teacher, each cell baseline → distilled."""
    return tables.crossed(list(large.STUDENTS.values()), list(large.TEACHERS.values()), found)


_FIELD = ("teacher, printed", "ours", "student alone, printed", "ours", "distilled, printed")
_FIELD += ("ours", "95 % interval", "gain", "p (t)")


def of_field(found):
    """The field's table beside ours, accuracies in %, and the tuned row that nobody prints."""
    rows = []
    for pair in field.PAIRS:
        rows.append(_field_row(pair, _plain(pair, found), pair.distilled, found))
        if pair is field.TUNED:
            label = ", temperature and weight by validation"
            rows.append(_field_row(pair, _tuned(found), None, found, label))
    return results.markdown([comparisons.title(found), *_FIELD], rows)


def _plain(pair, found):
    """The group distilled as the field does it; None if there is none."""
    groups = _taught(pair.student, pair.teacher, found)
    return next((group for group in groups if _is_plain(group)), None)


def _tuned(found):
    """The group at the settings chosen on cifar100, the only other one; None if there is none."""
    pair = field.TUNED
    both = (_taught(student, pair.teacher, found) for student in (pair.student, field.HEAVY))
    return next((group for groups in both for group in groups if not _is_plain(group)), None)


def _is_plain(group):
    return group.matches({"temperature": field.TEMPERATURE, "alpha": field.ALPHA})


def _taught(student, teacher, found):
    groups = tables.taught(recipes.STUDENTS[student], recipes.TEACHERS[teacher], found)
    return comparisons.select(groups, shuffled=False)


def _field_row(pair, group, printed, found, label=""):
    teacher = tables.alone(recipes.TEACHERS[pair.teacher], found)
    alone = tables.alone(recipes.STUDENTS[pair.student], found)
    titles = (recipes.TEACHERS[pair.teacher].title, recipes.STUDENTS[pair.student].title)
    row = [" → ".join(titles) + label, f"{pair.teacher_alone:.2f}", _accuracy(teacher)]
    row += [f"{pair.alone:.2f}", _accuracy(alone), f"{printed:.2f}" if printed else ""]
    row.append(_accuracy(group))
    if group is None or alone is None:
        return [*row, "", "", ""]
    gain = group.values("accuracy").mean() - alone.values("accuracy").mean()
    p = comparisons.p_value(comparisons.compare(group, alone).p)
    return [*row, comparisons.interval(group.values("accuracy"), 2, 100), f"{100 * gain:+.2f}", p]


def _accuracy(group):
    return comparisons.spread(group.values("accuracy"), 2, 100) if group else results.NOT_RUN


def _measures(study, title):
    """A table of every measure, top-5 to agreement, of each group of a study's nets."""

    def table(found):
        return tables.students([*study.TEACHERS.values(), *study.STUDENTS.values()], found, title)

    return table


def of_costs(found):
    """What every net costs, as measured once on one machine."""
    return latency.table(latency.read(FOLDER))


TABLES = {
    "pilot": of_pilot,
    "longer": of_longer,
    "teachers": of_teachers,
    "large": of_large,
    "measures": _measures(large, "large study on "),
    "costs": of_costs,
}
TABLES_OF_WHOLE = {
    "field": of_field,
    "measures": _measures(field, "the field's nets on "),
}
PICTURES = {}
