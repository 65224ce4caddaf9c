"""Refuse work that will not fit on the disk or in memory, before it starts."""

import shutil
from pathlib import Path


class InsufficientSpaceError(OSError, ValueError):
    """Too little free disk or memory."""


def require_disk(folder, needed, what, mend="make room or choose another folder"):
    """Raise InsufficientSpaceError unless `needed` bytes for `what` fit on the disk of `folder`.

    The folder need not exist yet.
    """
    folder = Path(folder).absolute()
    there = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(there).free
    if needed > free:
        raise InsufficientSpaceError(
            f"{what} take {needed / 1e9:.3g} GB, {folder} has {free / 1e9:.3g} GB free: {mend}"
        )


def require_memory(needed, what):
    """Raise InsufficientSpaceError unless `needed` bytes for `what` fit in memory, where known."""
    free = available_memory()
    if free is not None and needed > free:
        raise InsufficientSpaceError(
            f"{what} take {needed / 1e9:.3g} GB of memory, {free / 1e9:.3g} GB are free: "
            "make room, or use a data folder that can be written, where they are memory-mapped"
        )


def available_memory(report="/proc/meminfo"):
    """Bytes that Linux says can be had without swapping; None on other systems."""
    try:
        lines = Path(report).read_text().splitlines()
    except OSError:
        return None
    values = dict(line.split(":", 1) for line in lines)
    return 1024 * int(values["MemAvailable"].split()[0]) if "MemAvailable" in values else None
