"""What tells logits files, teachers and images apart."""

import hashlib
from pathlib import Path

import numpy as np

from common.data import views
from common.utils import files

VERSION = 1
SPLITS = ("train", "validation", "test")


def folder(output_dir, run, view_set="plain"):
    """Where a study keeps the logits of the teacher that `run` trained."""
    label = views.get(view_set).label
    return Path(output_dir) / "teachers" / (run.name + f"-{label}" * (label != "plain"))


def identity(teacher, weights_sha256):
    """What runs name their teacher by: its run and the first 12 digits of its weights' hash."""
    return f"{teacher}@{weights_sha256[:12]}"


def weights_hash(model):
    """SHA-256, in hexadecimal, of a model's weights in order."""
    return files.sha256_of([np.asarray(weight) for weight in model.get_weights()])


def image_keys(images):
    """(n,) uint64: BLAKE2b of each image's bytes."""
    digests = [hashlib.blake2b(image.tobytes(), digest_size=8).digest() for image in images]
    return np.frombuffer(b"".join(digests), "<u8")
