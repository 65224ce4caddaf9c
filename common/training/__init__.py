"""Training of runs: side by side, resumed after an interruption, with one record per run.

May import `runs`, `teachers`, `side_by_side`, `losses`, `metrics` and the packages that these may
import. The folder `accelerated` holds optional GPU paths; only `acceleration` imports it.
"""

from common.training.trainer import run

__all__ = ["run"]
