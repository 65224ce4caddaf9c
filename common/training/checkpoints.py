"""Checkpoint of a training in progress: one .npz file, written atomically, without pickle."""

import contextlib
import json
import zipfile

import numpy as np

from common.utils import files


def save(path, model, progress):
    """Write all variables of a compiled model and its optimizer, and the progress as JSON.

    Args:
        path: of the .npz file.
        model: side_by_side.SideBySide or a model with its `state`.
        progress: dict of plain values: members, kind, epochs, seconds and history.
    """
    arrays = {f"variable-{i}": np.asarray(v) for i, v in enumerate(model.state)}
    files.write_arrays(path, arrays | {"progress": np.array(json.dumps(progress))})


def load_progress(path):
    """The progress saved at `path`; None if there is no file.

    Raises:
        ValueError: the file is damaged; the message has its path.
    """
    try:
        with _opened(path) as arrays:
            progress = json.loads(str(arrays["progress"]))
            if not {"members", "seconds"} <= set(progress):
                raise ValueError("its progress is incomplete")
            if len(progress["history"]["loss"]) != progress["epochs"]:
                raise ValueError(f"its history does not have {progress['epochs']} epochs")
            return progress
    except FileNotFoundError:  # perhaps deleted a moment ago by another process
        return None


def restore(path, model):
    """Set all variables of a compiled model and its optimizer to those saved at `path`.

    Raises:
        ValueError: the file is damaged; the message has its path.
        FileNotFoundError: there is none.
    """
    with _opened(path) as arrays:
        for index, variable in enumerate(model.state):
            variable.assign(arrays[f"variable-{index}"])


@contextlib.contextmanager
def _opened(path):
    try:
        with np.load(path, allow_pickle=False) as arrays:
            yield arrays
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"the checkpoint {path} is damaged or from another run ({error}): "
            "delete it to train from the start"
        ) from None
