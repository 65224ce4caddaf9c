"""Markdown tables of groups: measures by seed, students beside baselines, published beside ours.

The columns of measures are those of `metrics.MEASURES` that at least one record of a table has.
"""

import numpy as np

from common import metrics
from common.results import row_labels, wording
from common.results.groups import baseline_of, compare
from common.results.selection import Results, in_order

PENDING = "not run yet"  # a cell of what has no record
ABSENT = "–"  # a cell of a measure that a record lacks


def markdown(header, rows):
    """Markdown table; the first column is left-aligned, the others right.

    Args:
        header: list of strings.
        rows: iterable of lists of strings, each as long as the header.
    """
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    lines = [[cell.replace("|", r"\|") for cell in line] for line in lines]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def seeds_table(group):
    """Markdown table of one group: the test measures of each seed, then mean ± sd."""
    columns = _columns([group])
    rows = [
        [f"seed {seed}", *(_seed_cell(measure, group.seeds[seed]) for measure in columns)]
        for seed in sorted(group.seeds)
    ]
    rows.append(["mean ± sd", *(mean_cell(measure, group) for measure in columns)])
    return markdown([wording.caption([group]), *(measure.column for measure in columns)], rows)


def students_table(groups, prefix="", notes=None):
    """Markdown table of students: number of seeds, test measures, error reduction paired by seed.

    Args:
        groups: list of SeedGroup, one per row; baselines are looked up among them.
        prefix: first words of the caption, if a data set has several tables.
        notes: {run id: text}, appended to the teacher's cell in the rows of these runs.
    """
    columns = _columns(groups)
    header = [prefix + wording.caption(groups), "teacher", "T", "alpha", "seeds"]
    header += [measure.column for measure in columns]
    rows = []
    for group, (name, teacher, *settings) in zip(groups, row_labels.labels(groups), strict=True):
        teacher += (notes or {}).get(group.run.id, "")
        cells = [str(len(group.seeds)), *(mean_cell(measure, group) for measure in columns)]
        cells += comparison_cells(group, baseline_of(group, groups))
        rows.append([name, teacher, *settings, *cells])
    return markdown([*header, *COMPARISON_COLUMNS], rows)


def mean_cell(measure, group):
    """Cell of a `metrics.Measure`: mean ± sd over seeds; `ABSENT` if a record lacks it."""
    if not group.has(measure.key):
        return ABSENT
    return measure_cell(measure, group.values(measure.key))


def measure_cell(measure, values):
    """Cell of a `metrics.Measure`: mean ± sd of (seeds,) values."""
    return wording.mean_sd(values, max(measure.digits, 1), measure.scale)


def _seed_cell(measure, record):
    """Cell of a `metrics.Measure` of one seed; `ABSENT` if its record lacks it."""
    if measure.key not in record["test"]:
        return ABSENT
    return wording.mean_sd([record["test"][measure.key]], measure.digits, measure.scale)


def _columns(groups):
    """Measures that at least one record has; without groups, those that every data set has."""
    keys = {key for group in groups for record in group.seeds.values() for key in record["test"]}
    return [
        measure
        for measure in metrics.MEASURES
        if (measure.key in keys if groups else not measure.min_classes)
    ]


def score_cells(group):
    """Cells of a group's test errors and its accuracy in %: mean ± standard deviation."""
    accuracy = wording.mean_sd(group.values("accuracy"), 2, 100)
    return [wording.mean_sd(group.values("errors")), accuracy]


COMPARISON_COLUMNS = ("error reduction", "p (t)", "p (McNemar)")


def comparison_cells(group, baseline):
    """Cells of `COMPARISON_COLUMNS`; empty without a baseline."""
    if baseline is None:
        return ["", "", ""]
    comparison = compare(group, baseline)
    p_values = [wording.p_value(p) for p in (comparison.p, comparison.mcnemar)]
    return [_reduction_cell(comparison.error_reduction), *p_values]


def _reduction_cell(reduction):
    if np.isnan(reduction):  # no errors to reduce
        return ABSENT
    return f"{1 - reduction:.1f} × as many" if reduction < -1 else f"{100 * reduction:.1f} %"


def students_by_settings(specs, groups, prefix=""):
    """`students_table` of every group of each spec: baseline, all settings, controls."""
    ours = Results(groups)
    rows = [group for spec in specs for group in in_order(ours.of(spec))]
    return students_table(rows, prefix)


def study_table(study, prefix=""):
    """Table function of a study: `students_by_settings` of its TEACHERS and STUDENTS.

    Args:
        study: module with {name: ModelSpec} as TEACHERS and STUDENTS.
        prefix: text before the name of the data in the table's first cell.
    """

    def table(groups):
        specs = [*study.TEACHERS.values(), *study.STUDENTS.values()]
        return students_by_settings(specs, groups, prefix)

    return table


PUBLISHED_COLUMNS = ("published %", "ours %", "test errors", *COMPARISON_COLUMNS)


def published_row(label, published, group, baseline=None):
    """Cells of one row: a label, then the `PUBLISHED_COLUMNS`.

    Args:
        label: string.
        published: published accuracy in %; None if there is none.
        group: our SeedGroup; None if it has not been run yet.
        baseline: the SeedGroup that it is compared with; None for no comparison.
    """
    row = [label, f"{published:.2f}" if published else ""]
    if group is None:
        return [*row, PENDING, *[""] * (len(PUBLISHED_COLUMNS) - 2)]
    row += [wording.mean_sd(group.values("accuracy"), 2, 100)]
    row += [wording.mean_sd(group.values("errors"))]
    return [*row, *comparison_cells(group, baseline)]


def teachers_table(specs, published, groups):
    """Markdown table of teachers beside published accuracies.

    Args:
        specs: {name: ModelSpec}.
        published: {name: accuracy in %}, of some of them.
        groups: list of SeedGroup.
    """
    ours = Results(groups)
    rows = [
        published_row(spec.title, published.get(name), ours.baseline(spec))
        for name, spec in specs.items()
    ]
    return markdown([wording.caption(groups), *PUBLISHED_COLUMNS], rows)


def pairs_table(students, teachers, groups):
    """Markdown table of student-teacher pairs: accuracy in %, baseline → best distilled.

    Args:
        students, teachers: lists of ModelSpec, one per row and one per column.
        groups: list of SeedGroup.
    """
    ours = Results(groups)
    header = [wording.caption(groups), *(f"teacher: {teacher.title}" for teacher in teachers)]
    rows = [[s.title, *(_pair_cell(s, teacher, ours) for teacher in teachers)] for s in students]
    return markdown(header, rows)


def _pair_cell(student, teacher, ours):
    baseline, group = ours.baseline(student), ours.best_distilled(student, teacher)
    if baseline is None or group is None:
        return PENDING
    pair = (wording.mean_sd(g.values("accuracy"), 2, 100) for g in (baseline, group))
    p = compare(group, baseline).p
    return " → ".join(pair) + wording.p_inline(p, without="")
