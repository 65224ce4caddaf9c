"""File systems without locks, such as some network mounts, are named."""

import errno

import filelock
import pytest

from common.utils import files


def failing(error):
    def acquire(self, **options):
        raise error

    return acquire


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOTSUP, "Operation not supported"),
        OSError(errno.ENOLCK, "No locks available"),
        NotImplementedError("FileSystem does not appear to support flock"),
    ],
)
def test_without_locks(tmp_path, monkeypatch, error):
    monkeypatch.setattr(filelock.FileLock, "acquire", failing(error))
    with pytest.raises(OSError, match=rf"the file system of {tmp_path} has no locks.*choose an"):
        files.acquire_lock(tmp_path / "lock", "busy")


def test_other_errors_pass_and_a_held_lock_is_busy(tmp_path, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(FileNotFoundError):
        patch.setattr(
            filelock.FileLock, "acquire", failing(FileNotFoundError(errno.ENOENT, "gone"))
        )
        files.acquire_lock(tmp_path / "lock", "busy")
    lock = files.acquire_lock(tmp_path / "lock", "busy")
    with lock, pytest.raises(ValueError, match="wait for it"):
        files.acquire_lock(tmp_path / "lock", "wait for it")
    with files.acquire_lock(tmp_path / "lock", "still busy"):  # `lock` is released, though alive
        pass
