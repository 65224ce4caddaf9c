"""CIFAR-100's teachers and students by name, gathered from its studies."""

from pathlib import Path

from cifar100 import field, forty_epochs, large, longer, pilot

FOLDER = Path(__file__).parent

TEACHERS = pilot.TEACHERS | forty_epochs.TEACHERS | field.TEACHERS | large.TEACHERS
STUDENTS = pilot.STUDENTS | longer.STUDENTS | forty_epochs.STUDENTS
STUDENTS |= field.STUDENTS | large.STUDENTS
SEEDS = (0, 1, 2, 3, 4)

STUDIES = {"pilot": pilot, "large": large}  # what the notebooks can be about

# in the order in which `python -m cifar100 reproduce` runs them
PARTS = {
    "pilot": pilot.reproduce,
    "longer": longer.reproduce,
    "forty_epochs": forty_epochs.reproduce,
    "large": large.reproduce,
    "field": field.reproduce,
}
