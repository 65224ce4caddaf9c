"""The folder of a logits file in the making, kept by a kill, removed by success."""

import contextlib
import json
import shutil

import filelock

from common import files
from common.checks import require_writable


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
    part = require_writable(part_of(folder))
    lock = filelock.FileLock(part / "lock")
    try:
        lock.acquire(blocking=False)
    except filelock.Timeout:
        raise ValueError(f"another process is making {folder}: wait for it to end") from None
    with lock:
        files.remove_unfinished(part / "*")
        if _read(part / "asked.json") != asked:
            for path in part.iterdir():
                if path.name != "lock":
                    path.unlink()
            files.write_json(part / "asked.json", asked)
        yield part
        shutil.rmtree(part)


def _read(path):
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None
