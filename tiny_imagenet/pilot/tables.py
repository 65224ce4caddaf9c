"""The pilot's table, made from the groups of its records alone."""

from common import results
from tiny_imagenet.pilot import recipes

FOLDER = recipes.FOLDER


def students(found):
    """Teacher and student: labels alone, every temperature, and the shuffled control."""
    return results.students_by_settings(
        [*recipes.TEACHERS.values(), *recipes.STUDENTS.values()], found
    )


TABLES = {"students": students}
PICTURES = {}
