"""Weights of a small teacher, stored with its logits: as float32 if they fit, else as float16.

float16 weights suffice to compute the teacher's predictions on other images; the stored logits
were computed with the exact weights.
"""

import json
from pathlib import Path

import numpy as np

from common.teachers.logits import checksum
from common.utils import files

FLOAT32_FILE, FLOAT16_FILE = "teacher.weights.h5", "weights_float16.npy"
MAX_BYTES = 8_000_000


def save_compact(model, folder):
    """Write a model's weights to `folder`: float32 if at most MAX_BYTES, else float16, else none.

    Args:
        model: keras.Model.
        folder: Path.
    """
    if not _save_float32(model, folder / FLOAT32_FILE):
        _save_float16(model, folder / FLOAT16_FILE)


def load_compact(model, folder):
    """Set a model's weights to the float16 weights in a logits folder.

    Raises:
        ValueError: the weights differ from their checksum or are those of another network.
    """
    path = Path(folder) / FLOAT16_FILE
    shapes = [weight.shape for weight in model.get_weights()]
    sizes = [int(np.prod(shape)) for shape in shapes]
    try:
        flat = _read_float16(path)
        if sum(sizes) != len(flat):
            raise ValueError(f"they are {len(flat):,} numbers, the network has {sum(sizes):,}")
    except (ValueError, KeyError, TypeError, OSError, EOFError) as error:
        raise ValueError(f"the weights {path} are damaged ({error}): delete them") from None
    arrays = np.split(flat, np.cumsum(sizes)[:-1])
    model.set_weights([array.reshape(shape) for array, shape in zip(arrays, shapes, strict=True)])


def _save_float32(model, path):
    """Whether the weights were written; HDF5 adds bytes for each layer."""
    if 4 * model.count_params() > MAX_BYTES:
        return False
    with files.atomic_write(path) as temporary:
        model.save_weights(temporary)
    if path.stat().st_size > MAX_BYTES:
        path.unlink()
        return False
    return True


def _save_float16(model, path):
    """Write the weights as one flat array, if they are small enough and finite in float16."""
    if 2 * model.count_params() > MAX_BYTES:
        return
    with np.errstate(over="ignore"):  # checked below
        arrays = [np.asarray(weight).ravel().astype("<f2") for weight in model.get_weights()]
    rounded = np.concatenate(arrays)
    if np.isfinite(rounded).all():
        with files.atomic_write(path) as temporary, open(temporary, "wb") as file:
            np.save(file, rounded, allow_pickle=False)


def _read_float16(path):
    """The flat float32 array of a float16 file; ValueError if it differs from its checksum."""
    header = json.loads((path.parent / "header.json").read_text(encoding="utf-8"))
    if checksum(path) != header["sha256"][FLOAT16_FILE]:
        raise ValueError("they differ from their checksum")
    return np.load(path, allow_pickle=False).astype("float32")
