"""Tiny ImageNet's tables, each made from the groups of one data set's records alone."""

from common import comparisons, results, tables
from tiny_imagenet import recipes

FOLDER = recipes.FOLDER


def teachers(found):
    """Every teacher beside the accuracy that others print."""
    return tables.teachers(recipes.TEACHERS, recipes.PUBLISHED, found)


def pairs(found):
    """Each student on labels alone and taught, beside what others print."""
    rows = []
    for teacher, student in recipes.PAIRS:
        net = recipes.STUDENTS[student]
        alone, printed = tables.alone(net, found), recipes.PUBLISHED
        rows.append(tables.published_row(f"{net.title} alone", printed.get(student), alone))
        title, group = _taught(teacher, net, found)
        label = f"{net.title} taught by {title}"
        rows.append(tables.published_row(label, printed.get((teacher, student)), group, alone))
    return results.markdown([comparisons.title(found), *tables.PUBLISHED_COLUMNS], rows)


def _taught(teacher, net, found):
    """(the teacher's title, its student's group); of candidates the one that has taught."""
    if teacher != "chosen":
        named = recipes.TEACHERS[teacher]
        return named.title, tables.distilled(net, named, found)
    for named in (recipes.TEACHERS[name] for name in recipes.CANDIDATES):
        group = tables.distilled(net, named, found)
        if group:
            return named.title, group
    return "ShuffleNet", None


TABLES = {"teachers": teachers, "pairs": pairs}
PICTURES = {}
