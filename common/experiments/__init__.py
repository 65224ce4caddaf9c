"""Experiments that notebooks and the command line share, each a few lines over a `Study`.

Importing this does not import Keras; `common.experiments.study`, which defines `Study`, does.
May import `results`, `training`, `runs`, `teachers`, `distillation`, `data` and `utils`.
"""

from common.experiments.protocols import distill, grid, repeat, train_pairs, train_teacher, tune

__all__ = ["distill", "grid", "repeat", "train_pairs", "train_teacher", "tune"]
