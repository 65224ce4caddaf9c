"""Training in a worker process: output is returned as lines, a run's files as bytes if needed."""

import contextlib
import dataclasses
import functools
import io
import platform
import tempfile
import warnings
from pathlib import Path

from common import data
from common.training.group import train_group, train_unlocked, written_paths
from common.training.job import JobCache
from common.utils.progress_bar import hidden

_jobs = JobCache()  # of this worker


@dataclasses.dataclass(frozen=True)
class NamedDataset:
    """A data set of the catalogue that each node reads from its own cache.

    Args:
        name, limit, data_dir: as in `data.load`.
        content: hash of all images and labels, as `content_of` returns it.
    """

    name: str
    limit: int | None
    data_dir: str | None
    content: str

    def load(self):
        """The `Dataset`, read once in a process; ValueError, naming the node, if it differs."""
        return _load(self)


def content_of(dataset):
    """Hash of all images and labels of a data set, whether or not it is in the catalogue."""
    return dataclasses.replace(dataset, catalogued=False).digest


def train_in_worker(members, done, dataset, folder, teachers, callbacks):
    """({name: record}, lines to show): `train_group` in a process that shares `folder`.

    Args:
        members, done, folder, teachers, callbacks: as in `train_group`.
        dataset: `data.shared.SharedDataset`.
    """
    with _captured() as lines:
        records = train_group(members, done, dataset.load(), folder, teachers, callbacks, _jobs)
    return records, lines


def train_on_node(members, done, folder, callbacks, dataset, *teachers):
    """({path in the output folder: bytes}, lines to show) of the members that are not `done`.

    Args:
        members, done, callbacks: as in `train_group`.
        folder: Path of a folder that all nodes share, which keeps checkpoints; None if there is
            none.
        dataset: `NamedDataset` or Dataset.
        teachers: every Logits or OnlineTeacher that the members name.
    """
    with _captured() as lines, _folder(folder) as output:
        by_id = {logits.identity: logits for logits in teachers}
        dataset = dataset.load() if isinstance(dataset, NamedDataset) else dataset
        train_unlocked(members, done, dataset, output, by_id, callbacks, _jobs)
        missing = [run for run in members if run.name not in done]
        paths = [path for run in missing for path in written_paths(output, run)]
        return {str(path.relative_to(output)): path.read_bytes() for path in paths}, lines


@contextlib.contextmanager
def _captured():
    """Context of a list to which all that is printed, and warnings, are added at its end."""
    lines = []
    with (
        hidden(),
        contextlib.redirect_stdout(io.StringIO()) as printed,
        warnings.catch_warnings(record=True) as caught,
    ):
        yield lines
        lines += [*printed.getvalue().splitlines(), *(str(w.message) for w in caught)]


@contextlib.contextmanager
def _folder(shared):
    if shared:
        yield shared
    else:
        with tempfile.TemporaryDirectory(prefix="training-") as folder:
            yield Path(folder)


@functools.lru_cache(maxsize=2)
def _load(named):
    node = platform.node()
    try:
        dataset = data.load(named.name, data_dir=named.data_dir, limit=named.limit)
    except (ValueError, OSError) as error:
        raise ValueError(f"node {node} lacks the data set {named.name}: {error}") from None
    if dataset.name != named.name:
        raise ValueError(
            f"node {node} lacks the data set {named.name}: copy the driver's folder arrays/ of "
            "TensorFlow Datasets' folder there"
        )
    if content_of(dataset) != named.content:
        raise ValueError(
            f"node {node} has other images of {named.name} than the driver: copy the driver's "
            "folder arrays/ of TensorFlow Datasets' folder there"
        )
    return dataset
