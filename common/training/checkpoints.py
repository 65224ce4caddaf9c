"""State of a training in progress: one file, whole or absent, no pickle."""

import contextlib
import json
import zipfile
from pathlib import Path

import numpy as np

from common.utils import files


def save(path, model, progress):
    """Write all variables of a compiled model and its optimizer, and `progress` as JSON."""
    arrays = {f"variable-{i}": np.asarray(v) for i, v in enumerate(model.state)}
    files.write_arrays(path, arrays | {"progress": np.array(json.dumps(progress))})


def load_progress(path):
    """The progress saved at `path`, or None where nothing is.

    Raises:
        ValueError: a damaged file, named.
    """
    if not Path(path).exists():
        return None
    with _opened(path) as arrays:
        told = json.loads(str(arrays["progress"]))
        if not {"members", "seconds"} <= set(told):
            raise ValueError("its progress is incomplete")
        if len(told["history"]["loss"]) != told["epochs"]:
            raise ValueError(f"its history is not of {told['epochs']} epochs")
        return told


def restore(path, model):
    """Set all variables of a compiled model and its optimizer to those saved at `path`."""
    with _opened(path) as arrays:
        for index, variable in enumerate(model.state):
            variable.assign(arrays[f"variable-{index}"])


@contextlib.contextmanager
def _opened(path):
    try:
        with np.load(path, allow_pickle=False) as arrays:
            yield arrays
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"the checkpoint {path} is damaged or from another run ({error}): "
            "delete it to train from the start"
        ) from None
