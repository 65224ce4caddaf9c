"""TensorBoard callback of Keras with a separate folder for every training."""

import importlib.util
from pathlib import Path

from common.backend import keras
from common.utils.checks import require_writable


class TensorBoard(keras.callbacks.TensorBoard):
    """Keras's callback, but with a separate folder below `log_dir` for each training.

    Runs that train side by side share a folder, named after the first of them; the names of
    their losses and accuracies begin with the runs' names.

    Args:
        log_dir: folder that `tensorboard --logdir` displays.
        options: of keras.callbacks.TensorBoard.

    Raises:
        ValueError: the folder cannot be written, or a package is not installed.
    """

    def __init__(self, log_dir, **options):
        for package in ("tensorflow", "tensorboard"):
            if not importlib.util.find_spec(package):
                raise ValueError(
                    f"writing a TensorBoard log needs {package}: pip install {package}==2.21.0"
                )
        self.root = require_writable(log_dir)
        super().__init__(log_dir=str(self.root), **options)

    def set_model(self, model):
        """Choose the folder of the training that begins."""
        first, *others = getattr(model, "models", {model.name: model})
        name = f"{first}-and-{len(others)}-more" if others else first
        self.log_dir = str(Path(self.root) / name)
        super().set_model(model)
