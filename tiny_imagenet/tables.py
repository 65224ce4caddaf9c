"""Tiny ImageNet's tables, each made from the groups of one data set's records alone."""

from common import results
from common.results import tables
from tiny_imagenet import recipes

FOLDER = recipes.FOLDER


def teachers(found):
    """Every teacher beside the accuracy that others print."""
    return tables.teachers_table(recipes.TEACHERS, recipes.PUBLISHED, found)


def pairs(found):
    """Each student on labels alone and taught, beside what others print."""
    rows = []
    for teacher, student in recipes.PAIRS:
        net = recipes.STUDENTS[student]
        alone, printed = results.baseline_for(net, found), recipes.PUBLISHED
        rows.append(results.published_row(f"{net.title} alone", printed.get(student), alone))
        title, group = _taught(teacher, net, found)
        label = f"{net.title} taught by {title}"
        rows.append(results.published_row(label, printed.get((teacher, student)), group, alone))
    return results.markdown([results.caption(found), *results.PUBLISHED_COLUMNS], rows)


def _taught(teacher, net, found):
    """(the teacher's title, its student's group); of candidates the one that has taught."""
    if teacher != "chosen":
        named = recipes.TEACHERS[teacher]
        return named.title, results.best_distilled_by(net, named, found)
    for named in (recipes.TEACHERS[name] for name in recipes.CANDIDATES):
        group = results.best_distilled_by(net, named, found)
        if group:
            return named.title, group
    return "ShuffleNet", None


TABLES = {"teachers": teachers, "pairs": pairs}
PICTURES = {}
