"""Table of Tiny ImageNet's quick study: teachers and students on 20 classes, from records only."""

from common import results
from tiny_imagenet.twenty_classes import recipes

FOLDER = recipes.FOLDER


def students(groups):
    """Markdown table of teachers and students: baseline, every temperature, shuffled control."""
    specs = [*recipes.TEACHERS.values(), *recipes.STUDENTS.values()]
    return results.students_by_settings(specs, groups)


TABLES = {"students": students}
TEMPERATURE_SWEEPS = [  # of the interactive page
    (recipes.STUDENTS["cnn_half"], teacher) for teacher in recipes.TEACHERS.values()
]
PICTURES = {}
