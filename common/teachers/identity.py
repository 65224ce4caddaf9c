"""Identities of teachers, their logits folders and images: run names and hashes of contents."""

import hashlib
from pathlib import Path

import numpy as np

from common.data import views
from common.utils import files

VERSION = 1  # of the logits file's format


def folder(output_dir, run, view_set="plain"):
    """Path of the logits of the teacher that `run` trained, below a study's folder.

    Args:
        output_dir: the study's folder.
        run: runs.Run of the teacher.
        view_set: views of the training images, a `ViewSet` or its name.
    """
    label = views.get(view_set).label
    return Path(output_dir) / "teachers" / (run.name + f"-{label}" * (label != "plain"))


def finished_folders(output_dir, run_name):
    """Folders of a teacher's logits below a study's folder: in plain views, then in others.

    Args:
        output_dir: the study's folder.
        run_name: `Run.name` of the teacher.
    """
    place = Path(output_dir) / "teachers"
    named = [path for path in place.glob("*/header.json") if _is_of(path.parent.name, run_name)]
    return sorted(path.parent for path in named)


def _is_of(folder_name, run_name):
    """Whether a folder of this name has finished logits of a run."""
    of_views = folder_name.startswith(f"{run_name}-") and not folder_name.endswith(".part")
    return of_views or folder_name == run_name


def identity(teacher, weights_sha256):
    """Name of a teacher in its students' runs: its run and 12 digits of its weights' hash."""
    return f"{teacher}@{weights_sha256[:12]}"


def weights_hash(model):
    """SHA-256, in hexadecimal, of a model's weights in order."""
    return files.sha256_of([np.asarray(weight) for weight in model.get_weights()])


def image_keys(images):
    """(n,) uint64: BLAKE2b of each image's bytes."""
    digests = [hashlib.blake2b(image.tobytes(), digest_size=8).digest() for image in images]
    return np.frombuffer(b"".join(digests), "<u8")


def rows_of(keys, stored, sentence):
    """(n,) row of each of `keys` among the `stored` keys of a logits file.

    Args:
        keys, stored: (n,) and (m,) uint64 of `image_keys`, in any order.
        sentence: function (number of keys that are not stored) -> message of the error.

    Raises:
        ValueError: keys that are not stored.
    """
    order = np.argsort(stored)
    rows = order[np.minimum(np.searchsorted(stored, keys, sorter=order), len(stored) - 1)]
    if missing := int(np.sum(stored[rows] != keys)):
        raise ValueError(sentence(missing))
    return rows
