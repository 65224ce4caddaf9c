"""A run's configuration, its record and its weights. Importing this does not import Keras.

May import `teachers`, `models`, `data` and `utils`.
"""

from common.runs.recipe import ModelSpec, Recipe
from common.runs.run import Run, teacher_model, teacher_run

__all__ = ["ModelSpec", "Recipe", "Run", "teacher_model", "teacher_run"]
