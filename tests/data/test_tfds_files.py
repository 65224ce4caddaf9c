"""Damaged, incomplete and other data of TFDS: one sentence with the folder and the mend."""

import functools
import json
import shutil

import numpy as np
import pytest

from common import data
from common.data import download, tfds_files
from tests import conftest
from tests.data.test_data import same

TRAIN = "mnist-train.tfrecord-00000-of-00001"
TEST = "mnist-test.tfrecord-00000-of-00001"
INFO = "dataset_info.json"


@pytest.fixture
def prepared(mnist_dir, tmp_path, monkeypatch):
    """The folder of a private copy of prepared MNIST, without array cache or network."""
    monkeypatch.setattr(download, "answers", lambda url, seconds=5: False)
    return shutil.copytree(mnist_dir / "mnist", tmp_path / "mnist") / "3.0.1"


def load(prepared):
    return data.load("mnist", data_dir=prepared.parents[1])


def cut(name, share=0.5):
    def damage(folder):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: int(share * len(content))])

    return damage


def flip_a_bit(folder):
    content = bytearray((folder / TRAIN).read_bytes())
    content[5000] ^= 1
    (folder / TRAIN).write_bytes(content)


def write(text):
    return lambda folder: (folder / INFO).write_text(text)


def change_info(folder, **changes):
    info = json.loads((folder / INFO).read_text())
    (folder / INFO).write_text(json.dumps(info | changes))


def remove(name):
    return lambda folder: (folder / name).unlink()


DAMAGES = {
    "cut in half": (cut(TRAIN), "truncated record"),
    "empty": (cut(TRAIN, 0), "contained only 0 elements"),
    "flipped bit": (flip_a_bit, "corrupted record"),
    "missing shard": (remove(TRAIN), f"{TRAIN}; No such file"),
    "missing test shard": (remove(TEST), f"{TEST}; No such file"),
    "empty description": (write(""), "Failed to load JSON"),
    "half a description": (cut(INFO), "Failed to load JSON"),
    "description of another kind": (write("[]"), "do not match"),
    "no description": (remove(INFO), f"{INFO} is missing"),
    "no test split": (functools.partial(change_info, splits=[]), "`splits` is empty"),
    "another format": (functools.partial(change_info, fileFormat="other"), "'other' is not a"),
}


@pytest.mark.parametrize(("damage", "reason"), DAMAGES.values(), ids=DAMAGES)
def test_damaged_data(prepared, damage, reason):
    damage(prepared)
    with pytest.raises(tfds_files.DamagedDataError) as caught:
        load(prepared)
    sentence = str(caught.value)
    assert sentence.startswith(f"the files of mnist in {prepared.parent}") and reason in sentence
    assert sentence.endswith("delete this folder to have the data downloaded and prepared again")
    assert "\n" not in sentence and "{{" not in sentence
    assert not (prepared.parents[1] / "arrays").exists()


def test_array_records_are_read(mnist, mnist_dir, tmp_path, capfd):
    import tensorflow_datasets as tfds

    rows = {
        split: list(tfds.as_numpy(tfds.load("mnist", split=split, data_dir=str(mnist_dir))))
        for split in ("train", "test")
    }
    conftest.prepare_mnist(tmp_path, rows["train"], rows["test"], "array_record")
    capfd.readouterr()
    loaded = data.load("mnist", data_dir=tmp_path)
    assert capfd.readouterr().err == ""
    assert sorted(_bytes(loaded)) == sorted(_bytes(mnist))
    assert same(data.load("mnist", data_dir=tmp_path), loaded)  # from the array cache


def _bytes(dataset):
    splits = (dataset.train, dataset.validation, dataset.test)
    return [
        (image.tobytes(), int(label))
        for split in splits
        for image, label in zip(split.images, split.labels, strict=True)
    ]


def test_without_the_package_of_a_file_format(prepared):
    change_info(prepared, fileFormat="riegeli")
    with pytest.raises(tfds_files.NotInstalledError, match=r"needs riegeli.*pip install riegeli"):
        load(prepared)


def test_labels_without_a_name(tmp_path):
    """A list of class names that was cut short would give a data set of fewer classes."""
    import tensorflow_datasets as tfds

    features = {
        "image": tfds.features.Image(shape=(32, 32, 3)),
        "label": tfds.features.ClassLabel(num_classes=100),
        "coarse_label": tfds.features.ClassLabel(num_classes=20),
        "id": tfds.features.Text(),
    }
    image = np.zeros((32, 32, 3), "uint8")
    row = {"image": image, "id": ""}
    rows = [row | {"label": n, "coarse_label": n % 20} for n in range(100)]
    conftest.prepare("cifar100", "3.0.2", features, tmp_path, rows, rows[:10])
    names = tmp_path / "cifar100" / "3.0.2" / "label.labels.txt"
    names.write_text("apple\nbear\n")
    with pytest.raises(tfds_files.DamagedDataError, match="label 99 is not one of 2 classes"):
        data.load("cifar100", data_dir=tmp_path)


def test_errors_of_the_installation_are_not_blamed_on_the_files(prepared, monkeypatch):
    import tensorflow_datasets as tfds

    def builder(*arguments, **options):
        raise AttributeError("half-installed")

    monkeypatch.setattr(tfds, "builder", builder)
    with pytest.raises(AttributeError, match="half-installed"):
        load(prepared)
