"""Logits files that are damaged or not finite are refused with their path."""

import json
import shutil

import numpy as np
import pytest

from common import teachers
from common.utils import files


class ConstantTeacher:
    """A teacher with the same logits for every image."""

    output_shape = (None, 10)

    def __init__(self, value):
        self.value = value

    def predict_on_batch(self, images):
        return np.full((len(images), 10), self.value, "float32")

    def get_weights(self):
        return []


@pytest.mark.parametrize("value", [np.nan, np.inf, 7e4])
def test_logits_that_are_not_finite_in_float16_are_not_written(few, tmp_path, value):
    with pytest.raises(ValueError, match="not finite or exceed float16"):
        teachers.make(tmp_path, ConstantTeacher(value), few, "t")
    with pytest.raises(FileNotFoundError, match="compute them first"):
        teachers.Logits(tmp_path)


def test_nan_in_a_logits_file_is_refused(copied):
    array = np.load(copied / "validation.npy")
    array[4, 0, 2] = np.nan
    np.save(copied / "validation.npy", array)
    header = json.loads((copied / "header.json").read_text())
    header["sha256"]["validation.npy"] = files.sha256_of([array])
    (copied / "header.json").write_text(json.dumps(header))
    with pytest.raises(ValueError, match=r"is damaged: validation.npy holds NaN"):
        teachers.Logits(copied)


def flip(path):
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)


def edit(**changes):
    def damage(folder):
        header = json.loads((folder / "header.json").read_text()) | changes
        header = {key: value for key, value in header.items() if value is not None}
        (folder / "header.json").write_text(json.dumps(header))

    return damage


def permute(path):
    np.save(path, np.load(path)[::-1])


def shorten(folder, name, axis=0):
    """Delete the last row of an array and correct its checksum."""
    array = np.load(folder / name)
    array = np.delete(array, -1, axis)
    np.save(folder / name, array)
    header = json.loads((folder / "header.json").read_text())
    edit(sha256=header["sha256"] | {name: files.sha256_of([array])})(folder)


DAMAGES = {
    "permuted rows": lambda f: permute(f / "train.npy"),
    "permuted keys": lambda f: permute(f / "train_keys.npy"),
    "flipped bit": lambda f: flip(f / "train.npy"),
    "flipped key": lambda f: flip(f / "train_keys.npy"),
    "cut short": lambda f: (f / "test.npy").write_bytes((f / "test.npy").read_bytes()[:-9]),
    "empty": lambda f: (f / "test.npy").write_bytes(b""),
    "missing": lambda f: (f / "test_keys.npy").unlink(),
    "another split's logits": lambda f: shutil.copy(f / "test.npy", f / "train.npy"),
    "header cut short": lambda f: (f / "header.json").write_text('{"version": 1,'),
    "binary header": lambda f: (f / "header.json").write_bytes(b"\xff\x00"),
    "header of another kind": lambda f: (f / "header.json").write_text("[1]"),
    "wrong version": edit(version=99),
    "no checksums": edit(sha256=None),
    "no views": edit(views=None),
    "no teacher": edit(teacher=None),
    "no weights' hash": edit(weights_sha256=None),
    "a number for a hash": edit(weights_sha256=5),
    "another number of views": edit(views="mnist_jitter"),
    "unknown views": edit(views="jiter"),
    "sampled views": edit(sampled=2),
    "fewer rows than keys": lambda f: shorten(f, "train.npy"),
    "fewer keys than rows": lambda f: shorten(f, "train_keys.npy"),
    "fewer classes": lambda f: shorten(f, "test.npy", axis=2),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damaged_logits_file_is_refused_with_its_path(copied, damage):
    damage(copied)
    with pytest.raises(ValueError, match=f"file {copied} is damaged: .*; delete it to have it"):
        teachers.Logits(copied)


def test_missing_logits_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no teacher's logits in .*compute them first"):
        teachers.Logits(tmp_path / "nowhere")
