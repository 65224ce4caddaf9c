"""StudySpec: the networks and experiments of a data set, defined in its recipes."""

import dataclasses
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class StudySpec:
    """Teachers and students of one data set by name, and the experiments on them.

    Args:
        folder: the data set's folder, with committed results/ and teachers/.
        teachers, students: {name: runs.ModelSpec}.
        seeds: default seeds of teachers and students.
        temperatures, alphas: the values from which `experiments.tune` selects.
        steps: {name: function of a Study}, in the order of `python -m DATASET reproduce`.
        former_steps: {a step's former name: its name}; both work in `reproduce`.
        smoke: notebook parameters of the quick run by `make quick`.
        smoke_by_notebook: {notebook's name: parameters} that override `smoke`.
    """

    folder: Path
    teachers: dict
    students: dict
    seeds: tuple = (0,)
    temperatures: tuple = ()
    alphas: tuple = ()
    steps: dict = dataclasses.field(default_factory=dict)
    former_steps: dict = dataclasses.field(default_factory=dict)
    smoke: dict = dataclasses.field(default_factory=dict)
    smoke_by_notebook: dict = dataclasses.field(default_factory=dict)
