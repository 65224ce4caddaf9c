"""Tiny ImageNet's tables: teachers and students beside published accuracies, from records only."""

from common import results
from tiny_imagenet import one_cycle, recipes

FOLDER = recipes.FOLDER


def teachers(groups):
    """Markdown table of teachers beside published accuracies."""
    return results.teachers_table(recipes.TEACHERS, recipes.PUBLISHED, groups)


def pairs(groups):
    """Markdown table: each student's baseline and distilled group beside published accuracies."""
    ours, rows = results.Results(groups), []
    for teacher, student in recipes.PAIRS:
        spec, published = recipes.STUDENTS[student], recipes.PUBLISHED
        baseline = ours.baseline(spec)
        label = f"{spec.title}, baseline"
        rows.append(results.published_row(label, published.get(student), baseline))
        title, distilled = _distilled(teacher, spec, ours)
        label, number = f"{spec.title} distilled from {title}", published.get((teacher, student))
        rows.append(results.published_row(label, number, distilled, baseline))
    return results.markdown([results.caption(groups), *results.PUBLISHED_COLUMNS], rows)


def _distilled(teacher, student, ours):
    """(teacher's title, distilled group); of the candidates, the one that has a student."""
    if teacher != "chosen":
        spec = recipes.TEACHERS[teacher]
        return spec.title, ours.best_distilled(student, spec)
    for spec in (recipes.TEACHERS[name] for name in recipes.CANDIDATES):
        if group := ours.best_distilled(student, spec):
            return spec.title, group
    return "ShuffleNet", None


TABLES = {
    "one_cycle": results.study_table(one_cycle, "12 and 15 epochs on "),
    "teachers": teachers,
    "pairs": pairs,
}
TEMPERATURE_SWEEPS = []  # of the interactive page: none is planned
PICTURES = {}
