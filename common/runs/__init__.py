"""A run's configuration, its record and its weights. Importing this does not import Keras.

May import `teachers`, `models`, `data` and `utils`.
"""

from common.runs.recipe import Net, Recipe
from common.runs.run import Run, model_of, training_of

__all__ = ["Net", "Recipe", "Run", "model_of", "training_of"]
