"""Experiments that notebooks and the command line share, each a few lines over a `Study`.

Importing this does not import Keras; `common.experiments.study`, which defines `Study`, does.
May import `results`, `training`, `runs`, `teachers`, `distillation`, `data` and `utils`.
"""

from common.experiments.protocols import (
    chosen_settings,
    distill,
    distill_all,
    grid,
    repeat,
    train_pairs,
    train_teacher,
    tune,
)

__all__ = [
    "chosen_settings",
    "distill",
    "distill_all",
    "grid",
    "repeat",
    "train_pairs",
    "train_teacher",
    "tune",
]
