"""A teacher's weights, kept beside its logits where they are small: as float32, else as float16.

Rounded weights are good enough to ask the teacher about other images; the logits beside them
were made before rounding.
"""

import json
from pathlib import Path

import numpy as np

from common.teachers.logits import checksum
from common.utils import files

FLOAT32_FILE, FLOAT16_FILE = "teacher.weights.h5", "weights_float16.npy"
MAX_BYTES = 8_000_000  # bytes


def save_compact(model, folder):
    """Write a model's weights to `folder` if they are small enough, exactly or rounded."""
    if 4 * model.count_params() <= MAX_BYTES:
        with files.atomic_write(folder / FLOAT32_FILE) as temporary:
            model.save_weights(temporary)
        if (
            folder / FLOAT32_FILE
        ).stat().st_size <= MAX_BYTES:  # with what HDF5 adds for each layer
            return
        (folder / FLOAT32_FILE).unlink()
    if 2 * model.count_params() <= MAX_BYTES:
        with np.errstate(over="ignore"):  # looked for below
            parts = [np.asarray(weight).ravel().astype("<f2") for weight in model.get_weights()]
        rounded = np.concatenate(parts)
        if np.isfinite(rounded).all():
            with (
                files.atomic_write(folder / FLOAT16_FILE) as temporary,
                open(temporary, "wb") as file,
            ):
                np.save(file, rounded, allow_pickle=False)


def load_compact(model, folder):
    """Give `model` the rounded weights kept in a logits folder.

    Raises:
        ValueError: weights that differ from their checksum or are of another net.
    """
    path = Path(folder) / FLOAT16_FILE
    try:
        expected = json.loads((Path(folder) / "header.json").read_text())["sha256"][FLOAT16_FILE]
        if checksum(path) != expected:
            raise ValueError("they differ from their checksum")
        rounded = np.load(path, allow_pickle=False).astype("float32")
        shapes = [weight.shape for weight in model.get_weights()]
        sizes = [int(np.prod(shape)) for shape in shapes]
        if sum(sizes) != len(rounded):
            raise ValueError(f"they are {len(rounded):,} numbers, the net has {sum(sizes):,}")
    except (ValueError, KeyError, TypeError, OSError, EOFError) as error:
        raise ValueError(f"the weights {path} are damaged ({error}): delete them") from None
    parts = np.split(rounded, np.cumsum(sizes)[:-1])
    model.set_weights([part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)])
