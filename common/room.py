"""Refuse work that will not fit on the disk or in memory, before it starts."""

import shutil
from pathlib import Path

MARGIN = 100e6  # bytes left for everything else


class NoRoomError(OSError):
    """Too little free disk or memory."""


def require_disk(folder, needed, what):
    """Raise NoRoomError unless `needed` bytes for `what` fit on the disk of `folder`."""
    folder = Path(folder).absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if needed + MARGIN > free:
        raise NoRoomError(
            f"{what} needs {_gigabytes(needed)} of disk, {folder} has {_gigabytes(free)} free: "
            "make room or choose another folder"
        )


def require_memory(needed, what):
    """Raise NoRoomError unless `needed` bytes for `what` fit in memory, where the system says."""
    free = available_memory()
    if free is not None and needed + MARGIN > free:
        raise NoRoomError(
            f"{what} needs {_gigabytes(needed)} of memory, {_gigabytes(free)} are free: "
            "make room, or use a data folder that can be written, where it is memory-mapped"
        )


def available_memory(report="/proc/meminfo"):
    """Bytes that Linux says can be had without swapping; None on other systems."""
    try:
        lines = Path(report).read_text().splitlines()
    except OSError:
        return None
    values = dict(line.split(":", 1) for line in lines)
    return 1024 * int(values["MemAvailable"].split()[0]) if "MemAvailable" in values else None


def _gigabytes(count):
    return f"{count / 1e9:.2f} GB"
