"""Checks of free disk space and memory, before long work starts."""

import shutil
from pathlib import Path


class InsufficientSpaceError(OSError, ValueError):
    """Too little free disk or memory."""


def require_disk(folder, needed, what, hint="free some space or choose another folder"):
    """Raise InsufficientSpaceError unless `needed` bytes for `what` fit on the disk of `folder`.

    Args:
        folder: folder that the files will be written to; it need not exist yet.
        needed: bytes.
        what: plural noun that starts the message.
        hint: what the user can do about it.
    """
    folder = Path(folder).absolute()
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if needed > free:
        raise InsufficientSpaceError(
            f"{what} take {needed / 1e9:.3g} GB, {folder} has {free / 1e9:.3g} GB free: {hint}"
        )


def require_memory(needed, what):
    """Raise InsufficientSpaceError unless `needed` bytes for `what` fit in memory, if known."""
    free = available_memory()
    if free is not None and needed > free:
        raise InsufficientSpaceError(
            f"{what} take {needed / 1e9:.3g} GB of memory, {free / 1e9:.3g} GB are free: "
            "free some memory, or use a writable data folder, where they are memory-mapped"
        )


def available_memory(report="/proc/meminfo"):
    """Bytes of memory available without swapping, as Linux reports them; None on other systems."""
    try:
        lines = Path(report).read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    values = dict(line.split(":", 1) for line in lines)
    return 1024 * int(values["MemAvailable"].split()[0]) if "MemAvailable" in values else None
