"""Resident memory of a process, as the system reports it."""

import re
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def resident(field):
    """Bytes of a field of this process's status: "VmRSS" now, "VmHWM" the peak.

    None where the system has no such file or field.
    """
    text = STATUS.read_text(encoding="utf-8") if STATUS.exists() else ""
    match = re.search(rf"^{field}:\s+(\d+) kB", text, re.MULTILINE)
    return 1024 * int(match[1]) if match else None


def peak():
    """Peak resident memory of this process so far, in bytes."""
    if size := resident("VmHWM"):  # getrusage may report the parent's peak at the time of the fork
        return size
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (
        1 if sys.platform == "darwin" else 1024
    )
