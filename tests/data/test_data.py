"""Loading: data that TFDS prepared, the array cache (read with NumPy alone), limits, trainval."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest

from common import data
from common.data import array_cache, dataset

SPLITS = ("train", "validation", "test")


@pytest.fixture
def copied_dir(mnist_dir, tmp_path):
    """A private copy of the small TFDS folder, array cache included."""
    return shutil.copytree(mnist_dir, tmp_path / "copied")


def same(first, second):
    for split in SPLITS:
        np.testing.assert_array_equal(getattr(first, split).images, getattr(second, split).images)
        np.testing.assert_array_equal(getattr(first, split).labels, getattr(second, split).labels)
    return first.class_names == second.class_names and first.name == second.name


def test_shapes_and_types(mnist):
    assert (mnist.name, mnist.classes, mnist.image_shape) == ("mnist", 10, (28, 28, 1))
    assert mnist.class_names == tuple("0123456789")
    assert [len(getattr(mnist, split)) for split in SPLITS] == [500, 100, 100]
    for split in SPLITS:
        loaded = getattr(mnist, split)
        assert (loaded.images.dtype, loaded.labels.dtype) == (np.uint8, np.int32)
        assert loaded.images.max() == 255
        assert set(loaded.labels) == set(range(10))


def test_the_same_as_tfds_gives(mnist, mnist_dir):
    import tensorflow_datasets as tfds

    published = tfds.as_numpy(tfds.load("mnist", split="train", data_dir=str(mnist_dir)))
    expected = [(row["image"].tobytes(), int(row["label"])) for row in published]
    splits = (mnist.train, mnist.validation)  # the last sixth of train is validation
    images = np.concatenate([split.images for split in splits])
    labels = np.concatenate([split.labels for split in splits])
    assert expected == [
        (image.tobytes(), int(label)) for image, label in zip(images, labels, strict=True)
    ]


def test_without_and_with_cache(copied_dir, mnist):
    shutil.rmtree(copied_dir / "arrays")
    rebuilt = data.load("mnist", data_dir=copied_dir)
    assert same(rebuilt, mnist)
    assert same(data.load("mnist", data_dir=copied_dir), mnist)


def test_cache_is_read_by_numpy_alone(mnist_dir):
    code = f"""
        import sys
        for name in ("tensorflow", "tensorflow_datasets", "keras", "mlxtend", "jax"):
            sys.modules[name] = None  # importing it raises
        from common import data
        mnist = data.load("mnist", data_dir={str(mnist_dir)!r}, limit=50)
        print(len(mnist.train), mnist.train.labels.sum())
    """
    out = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True
    )
    mnist = data.load("mnist", data_dir=mnist_dir, limit=50)
    assert out.stdout.split() == ["50", str(mnist.train.labels.sum())], out.stderr


def flip_a_byte(cache):
    raw = bytearray((cache / "train_images.npy").read_bytes())
    raw[5000] ^= 1
    (cache / "train_images.npy").write_bytes(raw)


def change_header(**changes):
    def damage(cache):
        header = json.loads((cache / "header.json").read_text())
        (cache / "header.json").write_text(json.dumps(header | changes))

    return damage


DAMAGES = {
    "flipped byte": flip_a_byte,
    "truncated": lambda c: (c / "test_labels.npy").write_bytes(b"\x93NUMPY\x01\x00v\x00{'descr'"),
    "cut short": lambda c: (c / "train_labels.npy").write_bytes(
        (c / "train_labels.npy").read_bytes()[:-3]
    ),
    "empty file": lambda c: (c / "train_labels.npy").write_bytes(b""),
    "missing file": lambda c: (c / "test_images.npy").unlink(),
    "missing header": lambda c: (c / "header.json").unlink(),
    "broken header": lambda c: (c / "header.json").write_text('{"version": 1, "arr'),
    "binary header": lambda c: (c / "header.json").write_bytes(b"\xff\xfe\x00"),
    "header of another kind": lambda c: (c / "header.json").write_text("[]"),
    "wrong version": change_header(version=0),
    "another shape": lambda c: np.save(c / "test_labels.npy", np.zeros(7, "int32")),
    "another dtype": lambda c: np.save(c / "test_labels.npy", np.zeros(100)),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damaged_cache_is_named_and_rebuilt(copied_dir, mnist, damage):
    damage(copied_dir / "arrays" / "mnist")
    with pytest.warns(UserWarning, match=r"array cache .*arrays/mnist is damaged .* rebuilding it"):
        loaded = data.load("mnist", data_dir=copied_dir)
    assert same(loaded, mnist)
    assert array_cache.read("mnist", copied_dir) is not None


def test_leftovers_of_a_killed_writer_are_ignored(copied_dir, mnist):
    """A container gives its processes the same numbers, thus the same temporary names."""
    shutil.rmtree(copied_dir / "arrays")
    (copied_dir / "arrays" / f".{os.getpid()}-{threading.get_native_id()}-mnist").mkdir(
        parents=True
    )
    assert same(data.load("mnist", data_dir=copied_dir), mnist)
    assert os.listdir(copied_dir / "arrays") == ["mnist"]


def test_a_read_only_folder_can_be_read(copied_dir, mnist):
    shutil.rmtree(copied_dir / "arrays")
    (copied_dir / "arrays").write_text("in the way, as in a read-only folder")
    with pytest.warns(UserWarning, match="array cache of mnist could not be written to") as caught:
        assert same(data.load("mnist", data_dir=copied_dir), mnist)
    assert caught[0].filename == __file__


def test_limit_is_stratified_and_in_order(mnist_dir, mnist):
    limited = data.load("mnist", data_dir=mnist_dir, limit=70.0)
    assert repr(limited.limit) == "70" and mnist.limit is None
    for split in SPLITS:
        some, full = getattr(limited, split), getattr(mnist, split)
        proportional = np.bincount(full.labels, minlength=10) * 70 / len(full)
        assert len(some) == 70
        assert np.abs(np.bincount(some.labels, minlength=10) - proportional).max() < 1
        for digit in range(10):  # the first ones of each class
            images = some.images[some.labels == digit]
            expected = full.images[full.labels == digit][: len(images)]
            np.testing.assert_array_equal(images, expected)
        full_images = [image.tobytes() for image in full.images]
        rows = [full_images.index(image.tobytes()) for image in some.images]
        assert rows == sorted(rows)


def test_cifar100_validates_on_the_first_images_of_each_class(cifar_dir):
    loaded = data.load("cifar100", data_dir=cifar_dir)
    arrays, _ = array_cache.read("cifar100", cifar_dir)
    assert [len(getattr(loaded, split)) for split in SPLITS] == [1080, 120, 200]
    for label in range(100):
        images = loaded.validation.images[loaded.validation.labels == label]
        full = arrays["train_images"][arrays["train_labels"] == label]
        assert len(images) in (1, 2)
        np.testing.assert_array_equal(images, full[: len(images)])


def test_limit_above_the_size_keeps_all(mnist_dir, mnist):
    assert same(data.load("mnist", data_dir=mnist_dir, limit=10**6), mnist)


def test_stratified_quota_of_unequal_classes():
    labels = np.repeat([0, 1, 2], [70, 25, 5])
    for count in range(1, 101):
        rows = dataset.stratified(labels, count)
        assert len(set(rows)) == count
        share = np.array([70, 25, 5]) * count / 100
        assert np.abs(np.bincount(labels[rows], minlength=3) - share).max() < 1


@pytest.mark.parametrize("limit", [0, -1, 2.5, "10", float("nan"), True])
def test_bad_limits(mnist_dir, limit):
    with pytest.raises(ValueError, match="limit must be a whole number above 0"):
        data.load("mnist", data_dir=mnist_dir, limit=limit)


@pytest.mark.parametrize(("name", "near"), [("mnits", "mnist"), ("cifar-100", "cifar100")])
def test_unknown_names_list_near_ones(name, near):
    with pytest.raises(ValueError, match=f"unknown data set '{name}'.*{near}"):
        data.load(name)


def test_trainval_adds_the_validation_images(mnist):
    both = mnist.trainval()
    assert (both.name, len(both.train)) == ("mnist_all", len(mnist.train) + len(mnist.validation))
    for field in ("images", "labels"):
        first, last = (getattr(split, field) for split in (mnist.train, mnist.validation))
        np.testing.assert_array_equal(getattr(both.train, field), np.concatenate([first, last]))
    assert both.validation is mnist.validation and both.test is mnist.test


def test_a_file_is_no_data_folder(tmp_path):
    (tmp_path / "images.zip").touch()
    with pytest.raises(ValueError, match=r"images\.zip is a file: give the path"):
        data.load("mnist", data_dir=tmp_path / "images.zip")
