"""Logits file: each row holds the teacher's logits of that image in that view."""

import json
import pickle

import numpy as np
import pytest

from common import models, teachers
from common.data import Dataset, Split, views
from common.utils import files
from tests.support.helpers import direct, within_float16

SPLITS = ("train", "validation", "test")


def rows_of(split, rows):
    return Split(split.images[rows], split.labels[rows])


def test_rows_are_the_teachers_predictions(few, logits, teacher_model):
    for split in SPLITS:
        images = getattr(few, split).images
        stored = logits.targets(split, images).unaugmented()
        assert stored.dtype == np.float32 and stored.shape == (100, 10)
        assert within_float16(stored, direct(teacher_model, images)).all()


def test_views_are_the_teachers_predictions(few, teacher_model, tmp_path):
    rows = slice(0, 6)
    small = Dataset("mnist", few.class_names, *(rows_of(getattr(few, s), rows) for s in SPLITS))
    made = teachers.make(tmp_path, teacher_model, small, "t", "mnist_jitter")
    jitter = views.get("mnist_jitter")
    targets = made.targets("train", small.train.images, "mnist_jitter")
    for view in range(jitter.count):
        exact = direct(teacher_model, jitter.apply(small.train.images, view))
        stored = targets.take(np.arange(6), np.full(6, view))
        assert within_float16(stored, exact).all(), view
    mixed = targets.take(np.array([5, 0, 3]), np.array([24, 0, 12]))
    for row, (image, view) in enumerate([(5, 24), (0, 0), (3, 12)]):
        exact = direct(teacher_model, jitter.apply(small.train.images[image : image + 1], view))
        assert within_float16(mixed[row], exact[0]).all()


def test_images_in_another_order_or_a_subset(few, logits, teacher_model):
    order = np.random.default_rng(0).permutation(100)[:40]
    images = few.train.images[order]
    stored = logits.targets("train", images).unaugmented()
    assert within_float16(stored, direct(teacher_model, images)).all()


def permute(folder, split, order):
    """Permute a file's rows and keys and correct its checksums."""
    header = json.loads((folder / "header.json").read_text())
    for name in (f"{split}.npy", f"{split}_keys.npy"):
        array = np.load(folder / name)[order]
        np.save(folder / name, array)
        header["sha256"][name] = files.sha256_of([array])
    (folder / "header.json").write_text(json.dumps(header))


def test_file_in_another_order(few, logits, copied):
    permute(copied, "train", np.random.default_rng(0).permutation(100))
    permuted = teachers.Logits(copied).targets("train", few.train.images).unaugmented()
    np.testing.assert_array_equal(permuted, logits.targets("train", few.train.images).unaugmented())


def test_number_of_bytes(few, logits):
    images = sum(len(getattr(few, split)) for split in teachers.SPLITS)
    assert logits.nbytes == 2 * 10 * images  # float16, ten classes, one view


def test_shuffled_control(few, logits):
    targets = logits.targets("train", few.train.images)
    plain, control = targets.unaugmented(), targets.shuffled(0).unaugmented()
    np.testing.assert_array_equal(np.sort(plain, axis=0), np.sort(control, axis=0))
    assert (plain != control).any(axis=1).mean() > 0.9
    np.testing.assert_array_equal(control, targets.shuffled(0).unaugmented())
    assert (control != targets.shuffled(1).unaugmented()).any()
    np.testing.assert_array_equal(plain, targets.unaugmented())  # the original is unchanged


def test_identity_names_the_run_and_the_weights(logits, teacher_model):
    other = models.build("mlp", (28, 28, 1), 10, seed=8, width=8)
    assert logits.identity == f"mnist-mlp-0-seed7@{teachers.weights_hash(teacher_model)[:12]}"
    assert teachers.weights_hash(other) != teachers.weights_hash(teacher_model)


def test_a_process_does_not_get_logits_that_replaced_those_sent_to_it(copied):
    sent = pickle.dumps(teachers.Logits(copied))
    path = copied / "header.json"
    header = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(header | {"weights_sha256": 64 * "0"}), encoding="utf-8")
    with pytest.raises(ValueError, match="another command replaced them; run this command again"):
        pickle.loads(sent)


def test_images_of_another_data_set_or_split_are_refused(few, logits):
    changed = few.train.images.copy()
    changed[3, 14, 14] ^= 1  # one pixel of one image
    with pytest.raises(ValueError, match="lacks 1 of 100 images: use logits of the same data set"):
        logits.targets("train", changed)
    with pytest.raises(ValueError, match="lacks 100 of 100"):
        logits.targets("train", few.test.images)
    with pytest.raises(ValueError, match="lacks 7 of 7"):
        logits.targets("train", np.zeros((7, 32, 32, 3), "uint8"))


def test_other_views_are_refused(few, logits):
    with pytest.raises(ValueError, match="views 'plain', not 'mnist_jitter'"):
        logits.targets("train", few.train.images, "mnist_jitter")


def test_small_weights_are_saved_beside_the_logits(logits, teacher_model):
    loaded = models.build("mlp", (28, 28, 1), 10, seed=0, width=8)
    loaded.load_weights(logits.folder / "teacher.weights.h5")
    assert teachers.weights_hash(loaded) == teachers.weights_hash(teacher_model)
