"""CIFAR-100's teachers and students by name, gathered from its three studies."""

from pathlib import Path

from cifar100 import field, large, pilot

FOLDER = Path(__file__).parent

TEACHERS = pilot.TEACHERS | field.TEACHERS | large.TEACHERS
STUDENTS = pilot.STUDENTS | field.STUDENTS | large.STUDENTS
SEEDS = (0, 1, 2, 3, 4)

STUDIES = {"pilot": pilot, "large": large}  # what the notebooks can be about

# in the order in which `python -m cifar100 reproduce` runs them
PARTS = {"pilot": pilot.reproduce, "large": large.reproduce, "field": field.reproduce}
