"""The folder of a logits file in the making, kept by a kill, removed by success."""

import contextlib
import json

import filelock

from common import files
from common.checks import require_writable

LOCK = "lock"


def part_of(folder):
    """Where the file that is to be `folder` lies while it is being made."""
    return folder.with_name(f"{folder.name}.part")


@contextlib.contextmanager
def unfinished(folder, asked):
    """Yield `folder`.part, this process's alone; what it holds answers what is `asked`.

    Args:
        folder: Path of the finished file.
        asked: dict of JSON values; a part left by a call that asked for something else is emptied.

    Raises:
        ValueError: a folder that cannot be written, or that another process is filling.
    """
    part = part_of(folder)
    require_writable(part.parent)
    with _locked(part, folder):
        files.remove_unfinished(part / "*")
        if _read(part / "asked.json") != asked:
            _empty(part)
            files.write_json(part / "asked.json", asked)
        yield part
        _empty(part)
        (part / LOCK).unlink()
        with contextlib.suppress(OSError):  # where another process already begins anew
            part.rmdir()


@contextlib.contextmanager
def _locked(part, folder):
    """Hold the lock in `part`, which another process may just be removing."""
    while True:
        part.mkdir(exist_ok=True)
        lock = filelock.FileLock(part / LOCK)
        try:
            lock.acquire(blocking=False)
        except filelock.Timeout:
            raise ValueError(f"another process is making {folder}: wait for it to end") from None
        except FileNotFoundError:
            continue
        with lock:
            if (part / LOCK).exists():
                yield
                return


def _empty(part):
    for path in part.iterdir():
        if path.name != LOCK:
            path.unlink()


def _read(path):
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None
