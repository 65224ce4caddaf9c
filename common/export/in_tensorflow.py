"""Conversion in a process with the TensorFlow backend, for networks that another backend trained.

`python -m common.export.in_tensorflow FOLDER` is that process.
"""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from common.backend import keras
from common.export import converters
from common.export.float32_model import float32_copy
from common.utils import packages
from common.utils.messages import first_line

_REQUEST, _MODEL, _IMAGES = "request.json", "model.keras", "calibration.npy"


def convert(model, path, format, precision="float32", calibration=None):
    """As `converters.convert`, of a `float32_copy` under any backend.

    Raises:
        ValueError: TensorFlow is not installed; as in `converters.convert`.
    """
    request = (path, format, precision, calibration)
    if keras.config.backend() == "tensorflow":
        converters.convert(model, *request)
    elif importlib.util.find_spec("tensorflow") is None:
        raise ValueError(
            f"networks are exported by TensorFlow, which this {keras.config.backend()} "
            "installation lacks: pip install -r requirements.txt"
        )
    else:
        _in_another_process(model, *request)


def _in_another_process(model, path, format, precision, calibration):
    folder = Path(path).parent
    model.save(folder / _MODEL)
    if calibration is not None:
        np.save(folder / _IMAGES, calibration)
    request = {"path": str(path), "format": format, "precision": precision}
    (folder / _REQUEST).write_text(json.dumps(request), encoding="utf-8")
    outcome = subprocess.run(
        [sys.executable, "-m", "common.export.in_tensorflow", str(folder)],
        env=os.environ | {"KERAS_BACKEND": "tensorflow"},
        cwd=packages.ROOT,
        capture_output=True,
        text=True,
    )
    if outcome.returncode:
        raise ValueError((outcome.stderr.strip().splitlines() or ["the export stopped"])[-1])


def main(folder):
    """Convert the network that `_in_another_process` wrote into a folder."""
    folder = Path(folder)
    request = json.loads((folder / _REQUEST).read_text(encoding="utf-8"))
    images = folder / _IMAGES
    calibration = np.load(images, allow_pickle=False) if images.exists() else None
    try:
        model = float32_copy(keras.models.load_model(folder / _MODEL, compile=False))
        converters.convert(model, calibration=calibration, **request)
    except (TypeError, ValueError) as error:  # Keras's, of a class that only the caller knows
        sys.exit(first_line(error))


if __name__ == "__main__":
    main(sys.argv[1])
