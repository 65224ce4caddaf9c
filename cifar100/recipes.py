"""CIFAR-100's teachers and students by name, gathered from its studies."""

from pathlib import Path

from cifar100 import (
    device,
    forty_epochs,
    full,
    methods,
    one_cycle,
    pilot,
    pilot_long,
    repdistiller,
)
from common.experiments.spec import StudySpec

FOLDER = Path(__file__).parent

TEACHERS = pilot.TEACHERS | forty_epochs.TEACHERS | repdistiller.TEACHERS | full.TEACHERS
TEACHERS |= one_cycle.TEACHERS | one_cycle.CANDIDATES
STUDENTS = pilot.STUDENTS | pilot_long.STUDENTS | forty_epochs.STUDENTS
STUDENTS |= repdistiller.STUDENTS | full.STUDENTS | one_cycle.STUDENTS | device.STUDENTS
STUDENTS |= methods.STUDENTS
DEVICE = device.DEVICE
SEEDS = (0, 1, 2, 3, 4)

STUDIES = {"pilot": pilot, "full": full}  # what the notebooks can be about

STUDY = StudySpec(
    folder=FOLDER,
    teachers=TEACHERS,
    students=STUDENTS,
    seeds=SEEDS,
    steps={
        "pilot": pilot.reproduce,
        "pilot_long": pilot_long.reproduce,
        "learning_rates": one_cycle.compare_learning_rates,
        "one_cycle": one_cycle.reproduce,
        "forty_epochs": forty_epochs.reproduce,
        "full": full.reproduce,
        "repdistiller": repdistiller.reproduce,
        "methods": methods.methods,
        "ladder": methods.ladder,
        "device": device.reproduce,
    },
    former_steps={"longer": "pilot_long", "large": "full", "field": "repdistiller"},
)
