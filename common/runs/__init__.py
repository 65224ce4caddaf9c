"""Runs: the configuration of a training, its record, its logits and its weights.

Importing this does not import Keras. May import `distillation`, `metrics`, `teachers`, `models`,
`data`, `backend` and `utils`.
"""

from common.runs.recipe import ModelSpec, Recipe
from common.runs.run import OWN_HASHES, Run, teacher_model, teacher_run, teacher_weights

__all__ = [
    "OWN_HASHES",
    "ModelSpec",
    "Recipe",
    "Run",
    "teacher_model",
    "teacher_run",
    "teacher_weights",
]
