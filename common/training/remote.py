"""Tasks of an executor whose processes share no files with this one, such as Ray's.

This process holds the runs' locks, and writes the files that the tasks return.
"""

import hashlib
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from common import data, teachers
from common.runs import records
from common.training.group import complete_group, written_paths
from common.training.loaded_teachers import LoadedTeachers
from common.training.resumption import checkpoint_path
from common.training.sent_logits import sendable
from common.training.worker import NamedDataset, content_of, train_on_node
from common.utils import files
from common.utils.checks import require_writable


class RemoteTasks:
    """Groups of runs as tasks of an executor that has `put`; a context manager.

    Args:
        executor: such as `utils.ray_executor.RayExecutor`.
        done, dataset, folder, teachers, callbacks: as in `train_group`.

    Attributes:
        folder: Path of the folder with the checkpoints; None if this process cannot see them.
    """

    def __init__(self, executor, done, dataset, folder, teachers, callbacks):
        self.executor, self.done, self.output, self.callbacks = executor, done, folder, callbacks
        self.folder = training_folder(executor, folder)
        self.teachers, self._sent = LoadedTeachers(teachers), {}
        self._dataset = executor.put(_sendable_dataset(dataset, executor.data_dir))
        self._threads = ThreadPoolExecutor(executor.workers)

    def __enter__(self):
        return self

    def __exit__(self, error, *_):
        # after an error threads wait for tasks that the executor has still to cancel
        self._threads.shutdown(wait=error is None, cancel_futures=True)

    def submit(self, members):
        """Future of ({name: record}, lines to show) of a group's members."""
        needed = [self._send(identity) for identity in {run.teacher for run in members} - {None}]
        return self._threads.submit(self._complete, members, needed)

    def _complete(self, members, needed):
        lines = []

        def train(part, finished):
            finished = finished & {run.name for run in part}
            arguments = (part, finished, self.folder, self.callbacks, self._dataset, *needed)
            contents, shown = self.executor.submit(train_on_node, *arguments).result()
            lines.extend(shown)
            return self._write(part, finished, contents)

        return complete_group(members, self.done, self.output, self.folder, train), lines

    def _write(self, members, finished, contents):
        """{name: record} of the other members; copies in a shared folder are deleted."""
        for name, content in contents.items():
            with files.atomic_write(self.output / name) as temporary:
                temporary.write_bytes(content)
        runs = [run for run in members if run.name not in finished]
        if self.folder:
            copies = [path for run in runs for path in written_paths(self.folder, run)]
            for path in [*copies, checkpoint_path(members, self.folder)]:
                path.unlink(missing_ok=True)
        return {run.name: records.read(self.output, run) for run in runs}

    def _send(self, identity):
        """A teacher as an argument of the executor: a reference, or Logits in a shared folder."""
        if identity not in self._sent:
            logits = self.teachers.load(identity)
            if self.folder and isinstance(logits, teachers.Logits):
                self._sent[identity] = _copied(logits, Path(self.executor.shared_dir) / "teachers")
            else:
                self._sent[identity] = self.executor.put(sendable(logits))
        return self._sent[identity]


def training_folder(executor, output):
    """Folder below an executor's shared one for checkpoints and files of runs; None without one.

    Args:
        executor: such as `utils.ray_executor.RayExecutor`.
        output: absolute Path of the output folder.
    """
    if not executor.shared_dir:
        return None
    key = hashlib.sha256(str(output).encode()).hexdigest()[:8]
    return require_writable(Path(executor.shared_dir).resolve() / "training" / key)


def _copied(logits, folder):
    """`Logits` in a shared folder, copied there unless they are there already."""
    content = json.dumps(logits.header["sha256"], sort_keys=True)  # of all arrays
    key = hashlib.sha256(content.encode()).hexdigest()[:8]
    target = folder.resolve() / key / logits.folder.name
    try:
        if not (target / "header.json").exists():
            with files.atomic_write(target) as temporary:
                shutil.copytree(logits.folder, temporary)
    except OSError:
        if not (target / "header.json").exists():  # else another driver copied them meanwhile
            raise
    return teachers.Logits(target)


def _sendable_dataset(dataset, data_dir):
    """A data set for other machines: by name if they can read it themselves, else the arrays."""
    if not (dataset.catalogued and dataset.name in data.NAMES):
        return dataset
    folder = data_dir and str(Path(data_dir).absolute())
    return NamedDataset(dataset.name, dataset.limit, folder, content_of(dataset))
