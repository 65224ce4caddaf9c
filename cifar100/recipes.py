"""CIFAR-100's teachers and students by name, gathered from its studies."""

from pathlib import Path

from cifar100 import forty_epochs, full, pilot, pilot_long, repdistiller

FOLDER = Path(__file__).parent

TEACHERS = pilot.TEACHERS | forty_epochs.TEACHERS | repdistiller.TEACHERS | full.TEACHERS
STUDENTS = pilot.STUDENTS | pilot_long.STUDENTS | forty_epochs.STUDENTS
STUDENTS |= repdistiller.STUDENTS | full.STUDENTS
SEEDS = (0, 1, 2, 3, 4)

STUDIES = {"pilot": pilot, "large": full}  # what the notebooks can be about

# in the order in which `python -m cifar100 reproduce` runs them
REPRODUCE_STEPS = {
    "pilot": pilot.reproduce,
    "longer": pilot_long.reproduce,
    "forty_epochs": forty_epochs.reproduce,
    "large": full.reproduce,
    "field": repdistiller.reproduce,
}
