"""Training of runs: side by side, resumed where interrupted, each written as a record.

May import `runs`, `teachers`, `side_by_side`, `metrics` and what these may.
"""

from common.training.trainer import run

__all__ = ["run"]
