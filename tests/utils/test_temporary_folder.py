"""Large temporary folders: removed at the end, or by the next process if theirs was killed."""

import os
import shutil
import signal
import subprocess
import sys

import pytest

from common.utils.temporary_folder import temporary_folder

HOLD = """
import sys, time
from pathlib import Path
from common.utils.temporary_folder import temporary_folder
with temporary_folder(Path(sys.argv[1]), "data-") as folder:
    (folder / "array.npy").write_bytes(bytes(100))
    print(folder.name, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def other_process(tmp_path):
    """(process, folder) of another process that uses a temporary folder."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    yield process, tmp_path / process.stdout.readline().strip()
    process.kill()
    process.communicate()


def test_what_may_not_be_removed_stays(tmp_path, monkeypatch):
    """Another user's, in a shared folder."""
    (tmp_path / "data-theirs").mkdir()
    (tmp_path / "data-theirs.lock").touch()

    def refuse(path, *_, **__):
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", refuse)
        with pytest.raises(PermissionError), temporary_folder(tmp_path, "data-") as folder:
            (folder / "used").touch()  # only its own removal is refused here
    assert (tmp_path / "data-theirs").exists() and (folder / "used").exists()


def test_the_folder_and_its_lock_are_removed_after_an_error(tmp_path):
    with pytest.raises(RuntimeError), temporary_folder(tmp_path, "data-") as folder:
        (folder / "array.npy").write_bytes(bytes(100))
        assert folder.parent == tmp_path
        raise RuntimeError
    assert not list(tmp_path.iterdir())


def test_a_killed_process_leaves_its_folder_to_the_next_one(other_process, tmp_path):
    process, left = other_process
    (tmp_path / "data").mkdir()  # of another name
    with temporary_folder(tmp_path, "data-"):
        assert (left / "array.npy").exists()  # its process lives
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert (left / "array.npy").exists()
    with temporary_folder(tmp_path, "data-") as folder:
        assert sorted(p.name for p in tmp_path.iterdir()) == [
            "data",
            folder.name,
            f"{folder.name}.lock",
        ]
