"""The contract of a data set's recipes: what its notebooks and commands can train."""

import dataclasses
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class StudySpec:
    """Teachers and students of one data set by name, and the experiments on them.

    Args:
        folder: the data set's own, with results/ and teachers/ as committed.
        teachers, students: {name: runs.ModelSpec}.
        seeds: of each student, unless a study is given others.
        temperatures, alphas: that `experiments.tune` chooses from.
        steps: {name: function of a Study}, what `python -m DATASET reproduce` trains, in order.
        smoke: notebook parameters of a quick look, `make mnist`.
        smoke_by_notebook: {notebook's name: parameters} that differ from `smoke`.
    """

    folder: Path
    teachers: dict
    students: dict
    seeds: tuple = (0,)
    temperatures: tuple = ()
    alphas: tuple = ()
    steps: dict = dataclasses.field(default_factory=dict)
    smoke: dict = dataclasses.field(default_factory=dict)
    smoke_by_notebook: dict = dataclasses.field(default_factory=dict)
