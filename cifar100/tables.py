"""CIFAR-100's tables, each made from the groups of one data set's records alone."""

from cifar100 import full, pilot, pilot_long, recipes, repdistiller
from common import results
from common.results import costs, tables

FOLDER = recipes.FOLDER


def of_pilot(found):
    """The pilot's teacher and students: labels alone, distilled, and the shuffled control."""
    nets = [*pilot.TEACHERS.values(), *pilot.STUDENTS.values()]
    return results.students_by_settings(nets, found, "pilot on ")


def of_longer(found):
    """The pilot's ConvNet in five times the epochs: labels alone, distilled, and its control."""
    epochs = pilot_long.STUDENTS["longer_cnn"].recipe.epochs
    return results.students_by_settings(
        pilot_long.STUDENTS.values(), found, f"pilot, {epochs} epochs, on "
    )


def of_teachers(found):
    """The large study's teachers beside what others print."""
    return tables.teachers_table(full.TEACHERS, full.PUBLISHED, found)


def of_large(found):
    """The large study: a row a student, a column a teacher, each cell baseline → distilled."""
    return results.pairs_table(list(full.STUDENTS.values()), list(full.TEACHERS.values()), found)


_FIELD = ("teacher, printed", "ours", "student alone, printed", "ours", "distilled, printed")
_FIELD += ("ours", "95 % interval", "gain", "p (t)")


def of_field(found):
    """The field's table beside ours, accuracies in %, and the tuned row that nobody prints."""
    rows = []
    for pair in repdistiller.PAIRS:
        rows.append(_field_row(pair, _plain(pair, found), pair.distilled, found))
        if pair is repdistiller.TUNED_PAIR:
            label = ", temperature and weight by validation"
            rows.append(_field_row(pair, _tuned(found), None, found, label))
    return results.markdown([results.caption(found), *_FIELD], rows)


def _plain(pair, found):
    """The group distilled as the field does it; None if there is none."""
    groups = _taught(pair.student, pair.teacher, found)
    return next((group for group in groups if _is_plain(group)), None)


def _tuned(found):
    """The group at the settings chosen on cifar100, the only other one; None if there is none."""
    pair = repdistiller.TUNED_PAIR
    both = (
        _taught(student, pair.teacher, found)
        for student in (pair.student, repdistiller.SOFT_WEIGHT_9)
    )
    return next((group for groups in both for group in groups if not _is_plain(group)), None)


def _is_plain(group):
    return group.matches({"temperature": repdistiller.TEMPERATURE, "alpha": repdistiller.ALPHA})


def _taught(student, teacher, found):
    groups = results.distilled_by(recipes.STUDENTS[student], recipes.TEACHERS[teacher], found)
    return results.select(groups, shuffled=False)


def _field_row(pair, group, printed, found, label=""):
    teacher = results.baseline_for(recipes.TEACHERS[pair.teacher], found)
    alone = results.baseline_for(recipes.STUDENTS[pair.student], found)
    titles = (recipes.TEACHERS[pair.teacher].title, recipes.STUDENTS[pair.student].title)
    row = [" → ".join(titles) + label, f"{pair.teacher_alone:.2f}", _accuracy(teacher)]
    row += [f"{pair.alone:.2f}", _accuracy(alone), f"{printed:.2f}" if printed else ""]
    row.append(_accuracy(group))
    if group is None or alone is None:
        return [*row, "", "", ""]
    gain = group.values("accuracy").mean() - alone.values("accuracy").mean()
    p = results.p_value(results.compare(group, alone).p)
    return [
        *row,
        results.confidence_interval(group.values("accuracy"), 2, 100),
        f"{100 * gain:+.2f}",
        p,
    ]


def _accuracy(group):
    return results.mean_sd(group.values("accuracy"), 2, 100) if group else results.PENDING


def _measures(study, title):
    """A table of every measure, top-5 to agreement, of each group of a study's nets."""

    def table(found):
        return results.students_by_settings(
            [*study.TEACHERS.values(), *study.STUDENTS.values()], found, title
        )

    return table


def of_costs(found):
    """What every net costs, as measured once on one machine."""
    return costs.table(costs.read(FOLDER))


TABLES = {
    "pilot": of_pilot,
    "longer": of_longer,
    "teachers": of_teachers,
    "large": of_large,
    "measures": _measures(full, "large study on "),
    "costs": of_costs,
}
TABLES_OF_WHOLE = {
    "field": of_field,
    "measures": _measures(repdistiller, "the field's nets on "),
}
PICTURES = {}
