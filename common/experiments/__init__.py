"""Experiments that notebooks and the command line share; each is a short function of a `Study`.

Importing this does not import Keras; `common.experiments.study`, which defines `Study`, does.
May import `export`, `results`, `training` and the packages that these may import.
"""

from common.experiments.method_grids import GRIDS
from common.experiments.methods import SELECTION_SEEDS, compare_methods
from common.experiments.one_call import Distilled
from common.experiments.protocols import (
    chosen_settings,
    distill,
    distill_all,
    grid,
    ladder,
    repeat,
    train_pairs,
    train_teacher,
    tune,
)
from common.experiments.tables import ladder_tables, ladders, methods_tables, tuned_methods

__all__ = [
    "GRIDS",
    "SELECTION_SEEDS",
    "Distilled",
    "chosen_settings",
    "compare_methods",
    "distill",
    "distill_all",
    "grid",
    "ladder",
    "ladder_tables",
    "ladders",
    "methods_tables",
    "repeat",
    "train_pairs",
    "train_teacher",
    "tune",
    "tuned_methods",
]
