"""From groups of records to tables, and to README.

`python -m common.results --write` renews README's pictures and the tables between the lines
`<!-- results DATASET TABLE -->` and `<!-- end -->`; `--check` says whether they are true.
DATASET_all has those of runs on `Dataset.trainval`; any package with a module `tables` will do.
"""

from common.results import wording
from common.results.groups import baseline_of, compare
from common.results.selection import baseline_for, best_distilled_by, groups_of, in_order

PENDING = "not run yet"  # a cell of what has no record


def markdown(header, rows):
    """A Markdown table; the first column is left-aligned, the others right."""
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def seeds_table(group):
    """Markdown: the test measures of each seed, then their mean ± standard deviation."""
    measures = {  # header: (measure, digits, scale)
        "errors": ("errors", 0, 1),
        "accuracy %": ("accuracy", 2, 100),
        "top-5 %": ("top5_accuracy", 2, 100),
        "NLL": ("negative_log_likelihood", 4, 1),
        "calibration error %": ("calibration_error", 2, 100),
    }
    if not _has_top5([group]):
        del measures["top-5 %"]
    rows = [[f"seed {seed}"] for seed in sorted(group.seeds)] + [["mean ± sd"]]
    for measure, digits, scale in measures.values():
        values = group.values(measure)
        for row, value in zip(rows, values, strict=False):
            row.append(wording.mean_sd([value], digits, scale))
        rows[-1].append(wording.mean_sd(values, max(digits, 1), scale))
    return markdown([wording.caption([group]), *measures], rows)


def students_table(found, study=""):
    """Markdown: each student's test measures beside its baseline's, paired by seed.

    Args:
        study: begins the title, where a data set has several.
    """
    header = [study + wording.caption(found), "taught by", "T", "alpha", "test errors"]
    header += ["accuracy %"] + ["top-5 %"] * _has_top5(found)
    header += ["NLL", "calibration error %", "agrees with teacher %", "fewer errors", "p (t)"]
    header += ["p (McNemar)"]
    return markdown(header, [_student_row(group, found) for group in found])


def _student_row(group, found):
    settings = group.configuration
    taught = ["labels alone", "", ""]
    agrees = ""
    if group.teacher:
        taught = [group.teacher + " (shuffled)" * settings["shuffled"]]
        taught += [f"{settings['temperature']:g}", f"{settings['alpha']:g}"]
        agrees = wording.mean_sd(group.values("agreement"), 2, 100)
    row = [wording.display_name(settings), *taught, wording.mean_sd(group.values("errors"))]
    row += [wording.mean_sd(group.values("accuracy"), 2, 100)]
    if _has_top5(found):
        row += [wording.mean_sd(group.values("top5_accuracy"), 2, 100)]
    row += [wording.mean_sd(group.values("negative_log_likelihood"), 4)]
    row += [wording.mean_sd(group.values("calibration_error"), 2, 100), agrees]
    return row + comparison_cells(group, baseline_of(group, found))


def _has_top5(found):
    tested = [record["test"] for group in found for record in group.seeds.values()]
    return bool(tested) and all("top5_accuracy" in test for test in tested)


def comparison_cells(group, baseline):
    """Cells of a `Comparison`: share of errors avoided, p (t), p (McNemar); empty without."""
    if baseline is None:
        return ["", "", ""]
    difference = compare(group, baseline)
    fewer = difference.fewer
    cell = f"{1 - fewer:.1f} × as many" if fewer < -1 else f"{100 * fewer:.1f} %"
    return [cell, wording.p_value(difference.p), wording.p_value(difference.mcnemar)]


def students_by_settings(nets, found, study=""):
    """Every group of each net: labels alone, every temperature and alpha, and the control."""
    groups = [group for net in nets for group in in_order(groups_of(net, found))]
    return students_table(groups, study)


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
        return [*row, PENDING, *[""] * (len(PUBLISHED_COLUMNS) - 2)]
    row += [wording.mean_sd(group.values("accuracy"), 2, 100)]
    row += [wording.mean_sd(group.values("errors"))]
    return [*row, *comparison_cells(group, baseline)]


def teachers_table(nets, published, found):
    """Markdown: every teacher beside the accuracy that others print.

    Args:
        nets: {name: net}.
        published: {name: accuracy in %}, of some of them.
    """
    rows = [
        published_row(net.title, published.get(name), baseline_for(net, found))
        for name, net in nets.items()
    ]
    return markdown([wording.caption(found), *PUBLISHED_COLUMNS], rows)


def pairs_table(students, teachers, found):
    """Markdown: a row a student, a column a teacher; each cell accuracy alone → distilled, in %.

    Args:
        students, teachers: lists of nets.
    """
    header = [wording.caption(found), *(f"taught by {teacher.title}" for teacher in teachers)]
    rows = [[s.title, *(_crossed(s, teacher, found) for teacher in teachers)] for s in students]
    return markdown(header, rows)


def _crossed(net, teacher, found):
    baseline, group = baseline_for(net, found), best_distilled_by(net, teacher, found)
    if baseline is None or group is None:
        return PENDING
    pair = (wording.mean_sd(g.values("accuracy"), 2, 100) for g in (baseline, group))
    p = compare(group, baseline).p
    return " → ".join(pair) + wording.p_inline(p, without="")
