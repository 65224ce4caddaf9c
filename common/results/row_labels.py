"""Labels of a table's rows: student, teacher, temperature and weight of each group."""

import collections

from common.results import wording
from common.runs import teacher_weights


def labels(groups):
    """Cells of student, teacher, temperature and alpha, or the ratio of weights, of each group.

    They name the epochs where those of a student differ, and the first digits of the hash of a
    teacher's weights where rows are equal otherwise.

    Args:
        groups: list of SeedGroup.

    Returns:
        list of lists of four strings.
    """
    rows, epochs = [_label(group) for group in groups], collections.defaultdict(set)
    for (name, *_), group in zip(rows, groups, strict=True):
        epochs[name].add(group.run.recipe.epochs)
    for row, group in zip(rows, groups, strict=True):
        if len(epochs[row[0]]) > 1:
            count = group.run.recipe.epochs
            row[0] += f", {count} epoch{'s' * (count > 1)}"
    counts = collections.Counter(map(tuple, rows))
    for row, group in zip(rows, groups, strict=True):
        if counts[tuple(row)] > 1 and group.teacher:
            row[1] += f" @{teacher_weights(group.configuration['teacher'])[:4]}"
    return rows


def _label(group):
    """Student, teacher, temperature, alpha or the ratio of labels' and method's weight."""
    settings, name = group.run.settings, wording.display_name(group.configuration)
    if not settings.weights[1]:
        return [name, "baseline (weighted)" if settings.class_weights else "baseline", "", ""]
    differences = [settings.method] * (settings.method != "kd")
    differences += [f"{key} {value:g}" for key, value in sorted(settings.options.items())]
    differences += ["weighted"] * bool(settings.class_weights)
    differences += [settings.control] * bool(settings.control)
    teacher = " ".join(
        [group.teacher or "no teacher"] + [f"({', '.join(differences)})"] * bool(differences)
    )
    weight = f"{settings.alpha:g}" if settings.alpha is not None else settings.ratio
    return [name, teacher, f"{settings.temperature:g}", weight]
