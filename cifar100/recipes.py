"""CIFAR-100's teachers and students by name, gathered from its studies."""

from pathlib import Path

from cifar100 import (
    device,
    forty_epochs,
    four_epochs,
    full,
    methods,
    one_cycle,
    repdistiller,
    twenty_epochs,
)
from common.experiments.spec import StudySpec

FOLDER = Path(__file__).parent

TEACHERS = four_epochs.TEACHERS | forty_epochs.TEACHERS | repdistiller.TEACHERS | full.TEACHERS
TEACHERS |= one_cycle.TEACHERS | one_cycle.CANDIDATES
STUDENTS = four_epochs.STUDENTS | twenty_epochs.STUDENTS | forty_epochs.STUDENTS
STUDENTS |= repdistiller.STUDENTS | full.STUDENTS | one_cycle.STUDENTS | device.STUDENTS
STUDENTS |= methods.STUDENTS
DEVICE = device.DEVICE
SEEDS = (0, 1, 2, 3, 4)

# what the notebooks can be about
STUDIES = {"one_cycle": one_cycle, "four_epochs": four_epochs, "full": full}

STUDY = StudySpec(
    folder=FOLDER,
    teachers=TEACHERS,
    students=STUDENTS,
    seeds=SEEDS,
    steps={
        "four_epochs": four_epochs.reproduce,
        "twenty_epochs": twenty_epochs.reproduce,
        "learning_rates": one_cycle.compare_learning_rates,
        "one_cycle": one_cycle.reproduce,
        "forty_epochs": forty_epochs.reproduce,
        "full": full.reproduce,
        "repdistiller": repdistiller.reproduce,
        "methods": methods.methods,
        "ladder": methods.ladder,
        "device": device.reproduce,
    },
    former_steps={
        "pilot": "four_epochs",
        "pilot_long": "twenty_epochs",
        "longer": "twenty_epochs",
        "large": "full",
        "field": "repdistiller",
    },
)
