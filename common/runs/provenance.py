"""Provenance of a record: device, backend, package versions and git commit."""

import platform
import subprocess
from importlib import metadata
from pathlib import Path

from common.backend import keras
from common.backend.hardware import device
from common.utils.workers import thread_limit


def environment():
    """Dict of plain values for a record: device, backend, versions and commit.

    It includes the number of threads if that is limited, and that of devices if a batch is divided
    among several, because both change the last bits of sums.
    """
    limit, distribution = thread_limit(), keras.distribution.distribution()
    names = ["keras", "numpy", keras.config.backend()]
    return {
        "device": device(),
        **({"threads": limit} if limit else {}),
        **({"devices": distribution.device_mesh.devices.size} if distribution else {}),
        "backend": keras.config.backend(),
        "versions": {"python": platform.python_version()}
        | {name: metadata.version(name) for name in names},
        "commit": git_commit(),
    }


def git_commit():
    """Short hash of the checkout's commit, with `+` if files were changed; None outside git."""
    folder = Path(__file__).parent
    command = ["git", "describe", "--always", "--abbrev=10", "--dirty=+", "--exclude=*"]
    try:
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=True, timeout=10
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
