"""CIFAR-100's tables: each study's networks, RepDistiller's pairs, costs; from records only."""

from cifar100 import (
    forty_epochs,
    four_epochs,
    full,
    methods,
    one_cycle,
    recipes,
    repdistiller,
    twenty_epochs,
)
from common import experiments, plots, results
from common.results import costs
from common.results.device_tables import DeviceTables

FOLDER = recipes.FOLDER
DEVICE = DeviceTables(FOLDER, "cifar100", recipes.STUDENTS[recipes.DEVICE.student])


def of_teachers(groups):
    """Markdown table of the full study's teachers beside published accuracies."""
    return results.teachers_table(full.TEACHERS, full.PUBLISHED, groups)


def of_full(groups):
    """Markdown table of the full study: students by teachers, baseline → distilled, in %."""
    return results.pairs_table(list(full.STUDENTS.values()), list(full.TEACHERS.values()), groups)


_PAIR_COLUMNS = ("teacher, published %", "ours %", "baseline, published %", "ours %")
_PAIR_COLUMNS += ("distilled, published %", "ours %", "95 % interval", "gain, points", "p (t)")


def of_repdistiller(groups):
    """Markdown table of RepDistiller's pairs beside ours, and of one pair with tuned settings."""
    ours, rows = results.Results(groups), []
    for pair in repdistiller.PAIRS:
        rows.append(_pair_row(pair, _plain(pair, ours), pair.distilled, ours))
        if pair is repdistiller.TUNED_PAIR:
            label = ", temperature and weight by validation"
            rows.append(_pair_row(pair, _tuned(ours), None, ours, label))
    return results.markdown([results.caption(groups), *_PAIR_COLUMNS], rows)


def _plain(pair, ours):
    """Group distilled at RepDistiller's settings; None if there is none."""
    groups = _distilled(pair.student, pair.teacher, ours)
    return next((group for group in groups if _has_published_settings(group)), None)


def _tuned(ours):
    """Group at the settings tuned on cifar100, the only others; None if there is none."""
    pair = repdistiller.TUNED_PAIR
    return next(
        (
            group
            for student in (pair.student, repdistiller.SOFT_WEIGHT_9)
            for group in _distilled(student, pair.teacher, ours)
            if not _has_published_settings(group)
        ),
        None,
    )


def _has_published_settings(group):
    return group.matches({"temperature": repdistiller.TEMPERATURE, "alpha": repdistiller.ALPHA})


def _distilled(student, teacher, ours):
    groups = ours.distilled(recipes.STUDENTS[student], recipes.TEACHERS[teacher])
    return results.select(groups, shuffled=False)


def _pair_row(pair, group, published, ours, label=""):
    """Row of a pair: `published` is the distilled accuracy in %, `label` follows the names."""
    teacher, student = recipes.TEACHERS[pair.teacher], recipes.STUDENTS[pair.student]
    baseline = ours.baseline(student)
    return [
        f"{teacher.title} → {student.title}{label}",
        f"{pair.teacher_alone:.2f}",
        _accuracy(ours.baseline(teacher)),
        f"{pair.alone:.2f}",
        _accuracy(baseline),
        f"{published:.2f}" if published else "",
        _accuracy(group),
        *_gain_cells(group, baseline),
    ]


def _gain_cells(group, baseline):
    """95 % interval of the accuracy, gain in points, p (t); empty where a group is missing."""
    if group is None or baseline is None:
        return ["", "", ""]
    accuracy, common = group.values("accuracy"), set(group.seeds) & set(baseline.seeds)
    p = results.p_value(results.compare(group, baseline).p)
    ours, theirs = (each.of_seeds(common).values("accuracy").mean() for each in (group, baseline))
    gain = 100 * (ours - theirs)
    return [results.confidence_interval(accuracy, 2, 100), f"{gain:+.2f}", p]


def _accuracy(group):
    return results.mean_sd(group.values("accuracy"), 2, 100) if group else results.PENDING


def of_costs(groups):
    """Markdown table of what every net costs, as measured once on one machine; needs no groups."""
    return costs.table(costs.read(FOLDER))


def of_methods(groups):
    """Markdown table of the methods: chosen settings beside tuned KD."""
    student, teacher = recipes.STUDENTS[methods.STUDENT], recipes.TEACHERS[methods.TEACHER]
    return experiments.methods_tables(groups, student, [teacher], methods.SELECTION_SEEDS)


def of_ladder(groups):
    """Markdown table of the ladder of controls."""
    student, teacher = recipes.STUDENTS[methods.STUDENT], recipes.TEACHERS[methods.TEACHER]
    return experiments.ladder_tables(groups, [student], teacher)


TABLES = {
    "four_epochs": results.study_table(four_epochs, "12 and 4 epochs on "),
    "twenty_epochs": results.study_table(twenty_epochs, "20 epochs on "),
    "teachers": of_teachers,
    "full": of_full,
    "measures": results.study_table(full, "200 epochs on "),
    "one_cycle": results.study_table(one_cycle, "14 to 30 epochs on "),
    "forty_epochs": results.study_table(forty_epochs, "40 epochs on "),
    "costs": of_costs,
    "methods": of_methods,
    "ladder": of_ladder,
    "device": DEVICE.quality,
    "latency": DEVICE.latency,
}
TRAINVAL_TABLES = {
    "repdistiller": of_repdistiller,
    "measures": results.study_table(repdistiller, "RepDistiller's nets on "),
}
# (student, teacher) of the interactive page
TEMPERATURE_SWEEPS = [(four_epochs.STUDENTS["cnn_4"], four_epochs.TEACHERS["vgg8_12"])]
PICTURES = {"device.png": lambda _: plots.device_figure(DEVICE)}
