"""The experiments that notebooks and command line share, each a few lines over a `Study`.

`Study` itself is in `common.experiments.study`, which imports Keras; this does not.
May import `results`, `training`, `runs` and what these may.
"""

from common.experiments.protocols import distill, grid, train_pairs, train_teacher, tune

__all__ = ["distill", "grid", "train_pairs", "train_teacher", "tune"]
