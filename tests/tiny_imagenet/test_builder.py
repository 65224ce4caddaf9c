"""The TFDS builder of Tiny ImageNet under TFDS's own test case, and against `data.load`."""

import shutil
import tempfile
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import tensorflow_datasets as tfds

from common.data import download, tiny_imagenet
from common.data.tiny_imagenet import TinyImageNetArchive
from common.utils import resources
from tests.support import tiny_archives
from tests.support.tiny_archives import SMALL
from tiny_imagenet.builder import TinyImagenet


class TestTinyImagenet(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = TinyImagenet
    SPLITS = {"train": 54, "validation": 6, "test": 9}  # noqa: RUF012 (TFDS's interface)

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.enterClassContext(mock.patch.object(TinyImagenet, "LAYOUT", SMALL))
        cls.EXAMPLE_DIR = cls.folder
        tiny_archives.write(Path(cls.folder), tiny_archives.members())
        super().setUpClass()


@pytest.fixture
def loaded(tmp_path, monkeypatch):
    """What `tfds.load` gives for the small archive in its manual folder, and its info."""
    monkeypatch.setattr(TinyImagenet, "LAYOUT", SMALL)
    tiny_archives.write(tmp_path / "downloads" / "manual", tiny_archives.members())
    return tfds.load("tiny_imagenet", data_dir=str(tmp_path), with_info=True)


def test_the_same_images_as_the_arrays(loaded, tmp_path):
    splits, info = loaded
    archive = TinyImageNetArchive(tmp_path / "downloads" / "manual" / tiny_imagenet.NAME, SMALL)
    assert list(info.features["label"].names) == ["red fox", "egg", "wok"]
    images, labels = archive.train()
    expected = {"train": (images[:54], labels[:54]), "validation": (images[54:], labels[54:])}
    expected["test"] = (archive.test()[0][:], archive.test()[1])
    for split, (images, labels) in expected.items():
        rows = {row["image"].tobytes(): row["label"] for row in tfds.as_numpy(splits[split])}
        assert len(rows) == len(labels)
        assert [rows[image.tobytes()] for image in images] == list(labels)
    assert np.bincount(labels).tolist() == [3, 3, 3]


def test_says_where_to_put_the_archive(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "answers", lambda url, seconds=5: False)
    with pytest.raises(download.UnavailableError, match=r"put tiny-imagenet-200.zip into .*manual"):
        tfds.load("tiny_imagenet", data_dir=str(tmp_path))


def test_a_full_disk_is_told_before_anything_is_prepared(tmp_path, monkeypatch):
    monkeypatch.setattr(TinyImagenet, "LAYOUT", SMALL)
    tiny_archives.write(tmp_path / "downloads" / "manual", tiny_archives.members())
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(resources.shutil, "disk_usage", lambda folder: usage._replace(free=1000))
    with pytest.raises(
        resources.InsufficientSpaceError, match=r"records of tiny_imagenet take .* has 1e-06 GB"
    ):
        tfds.load("tiny_imagenet", data_dir=str(tmp_path))
    assert not list(tmp_path.rglob("*.tfrecord*"))
