"""Large temporary folders: those that a killed process left are removed by the next one."""

import contextlib
import secrets
import shutil

from common.utils import files


@contextlib.contextmanager
def temporary_folder(parent, prefix):
    """Context of the Path of an empty folder in `parent`, which is removed at its end.

    Folders of that prefix are first removed if the process that made them was killed: each folder
    has a lock file beside it, `<prefix>….lock`, which its process holds.

    Args:
        parent: Path of a folder that exists.
        prefix: beginning of the folder's name.

    Raises:
        OSError: a file system without locks; a folder that cannot be written.
    """
    for lock in parent.glob(f"{prefix}*.lock"):
        # in use, or another user's
        with contextlib.suppress(ValueError, OSError), files.acquire_lock(lock, "in use"):
            _remove(lock)
    lock = parent / f"{prefix}{secrets.token_hex(4)}.lock"
    with files.acquire_lock(lock, f"waiting for a process that cleans {parent}", wait=True):
        try:
            lock.with_suffix("").mkdir()
            yield lock.with_suffix("")
        finally:
            _remove(lock)


def _remove(lock):
    """Remove the folder of a lock, if there is one, and the lock, which this process holds."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(lock.with_suffix(""))
    lock.unlink(missing_ok=True)
