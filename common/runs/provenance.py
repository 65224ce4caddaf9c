"""What a number was measured with: device, versions, commit."""

import platform
import subprocess
from importlib import metadata
from pathlib import Path

from common.backend import keras
from common.backend.hardware import device


def environment():
    """Plain values for a record: device, backend, package versions, git commit."""
    names = ["keras", "numpy", keras.config.backend()]
    return {
        "device": device(),
        "backend": keras.config.backend(),
        "versions": {"python": platform.python_version()}
        | {name: metadata.version(name) for name in names},
        "commit": git_commit(),
    }


def git_commit():
    """The checkout's short commit, `+` where it is changed; None outside git."""
    here = Path(__file__).parent
    command = ["git", "describe", "--always", "--abbrev=10", "--dirty=+", "--exclude=*"]
    try:
        return subprocess.run(
            command, cwd=here, capture_output=True, text=True, check=True, timeout=10
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
