"""Files prepared by TensorFlow Datasets (TFDS): opened and read; errors are one sentence."""

import contextlib
import itertools
import logging
import re
from pathlib import Path

import numpy as np

from common.utils import quiet
from common.utils.checks import require_readable
from common.utils.progress_bar import progress_bar

_BATCH = 1000  # rows read at a time
_KEYS = ("image", "label", "coarse_label")


class NotInstalledError(OSError):
    """A package that is needed to read the data is not installed."""


class DamagedDataError(ValueError):
    """A file of the prepared data is missing, damaged, unreadable or of another kind."""


def open_builder(name, data_dir):
    """TFDS's builder of a data set, prepared in `data_dir` or not.

    Raises:
        NotInstalledError: TFDS or TensorFlow is missing.
        ValueError: this user may not read a file or folder.
        DamagedDataError: the prepared data's description is missing or unreadable.
    """
    tfds, folder = _tfds(name, data_dir), Path(data_dir) / name
    require_readable(folder)
    with _explained(name, folder):
        builder = tfds.builder(name, data_dir=str(data_dir))
    if Path(builder.data_path).exists() and not is_prepared(builder):
        raise _damaged(name, builder.data_path, "dataset_info.json is missing")
    return builder


def is_prepared(builder):
    """Whether the builder's data are in its folder."""
    return (Path(builder.data_path) / "dataset_info.json").exists()


def read(builder, split):
    """{feature: array of all rows} of images and labels, in the files' own order.

    Args:
        builder: as `open_builder` returns it, prepared.
        split: "train" or "test".

    Raises:
        NotInstalledError: the files are ArrayRecord and the package `array_record` is missing.
        DamagedDataError: a file is missing, damaged or unreadable; a label has no class name.
    """
    with _explained(builder.name, builder.data_path):
        rows = builder.info.splits[split].num_examples
        kind = builder.info.file_format
        random_access = kind in type(kind).with_random_access()  # such as ArrayRecord
        batches = _random_access_batches if random_access else _sequential_batches
        with progress_bar(rows, f"reading {builder.name}", "rows", delay=5) as bar:
            columns = _concatenated(batches(builder, split), bar)
        for key in columns.keys() - {"image"}:
            names = builder.info.features[key].names
            if columns[key].max() >= len(names):
                raise ValueError(f"{key} {columns[key].max()} is not one of {len(names)} classes")
    return columns


def _tfds(name, data_dir):
    try:
        with quiet.suppress_stderr():  # here, since it takes seconds and a GPU host may lack it
            import tensorflow  # noqa: F401 (TFDS imports it later, with its start-up messages)
            import tensorflow_datasets
    except ModuleNotFoundError as error:
        raise NotInstalledError(
            f"{name} has no array cache in {Path(data_dir) / 'arrays'}, and reading it without a "
            f"cache needs {error.name}: pip install -r requirements.txt, or copy another machine's "
            "cache into this folder"
        ) from None
    return tensorflow_datasets


def _sequential_batches(builder, split):
    import tensorflow_datasets as tfds

    in_order = tfds.ReadConfig(interleave_cycle_length=1)
    yield from builder.as_dataset(
        split=split, batch_size=_BATCH, shuffle_files=False, read_config=in_order
    ).as_numpy_iterator()


def _random_access_batches(builder, split):
    # advice to install OpenCV, which decodes faster
    logging.getLogger("absl").addFilter(lambda record: "OpenCV" not in record.getMessage())
    source = builder.as_data_source(split=split)
    rows = (source[index] for index in range(len(source)))
    while batch := list(itertools.islice(rows, _BATCH)):
        yield {key: np.stack([row[key] for row in batch]) for key in _KEYS if key in batch[0]}


def _concatenated(batches, bar):
    parts = []
    for batch in batches:
        parts.append({key: batch[key] for key in _KEYS if key in batch})
        bar.update(len(batch["label"]))
    return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}


@contextlib.contextmanager
def _explained(name, folder):
    """Context that turns TFDS's errors, of many types, into one-sentence errors of this module."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise NotInstalledError(
            f"reading {name} in {folder} needs {error.name}, which is not installed: "
            f"pip install {error.name.split('.')[0]}, or delete the folder to have the data "
            "prepared again in another format"
        ) from None
    except (MemoryError, ImportError, AttributeError, NotInstalledError):  # not the files' fault
        raise
    except Exception as error:
        raise _damaged(name, folder, _reason(error)) from None


def _reason(error):
    """First line of an error's message, without the text that TensorFlow and TFDS add to it."""
    text = re.sub(r"\{\{.*?\}\} ?| ?\[Op:.*|Failed to construct dataset .*?\}\": ", "", str(error))
    return next(iter(text.strip().splitlines()), type(error).__name__).rstrip(". ")


def _damaged(name, folder, reason):
    return DamagedDataError(
        f"the files of {name} in {folder} cannot be read ({reason}): delete this folder to have "
        "the data downloaded and prepared again"
    )
