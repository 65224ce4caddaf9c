"""Provenance of a record: device, backend, package versions and git commit."""

import platform
import subprocess
from importlib import metadata
from pathlib import Path

from common.backend import hardware, keras
from common.utils.workers import thread_limit

_FOLDER = Path(__file__).parent


def environment():
    """Dict of plain values for a record: device, backend, versions and commit.

    It includes the number of threads if that is limited, and that of devices if a batch is divided
    among several, and whether TensorFlow computes without oneDNN, because these change the last
    bits of sums.
    """
    limit, distribution = thread_limit(), keras.distribution.distribution()
    names = ["keras", "numpy", keras.config.backend()]
    return {
        "device": hardware.device(),
        **({"threads": limit} if limit else {}),
        **({"devices": distribution.device_mesh.devices.size} if distribution else {}),
        **({"onednn": False} if hardware.uses_onednn() is False else {}),
        "backend": keras.config.backend(),
        "versions": {"python": platform.python_version()}
        | {name: metadata.version(name) for name in names},
        "commit": git_commit(),
    }


def git_commit(folder=_FOLDER):
    """Short hash of a checkout's commit, with `+` if Python files differ from it; None outside git.

    Records, tables and checkpoints do not count: they change while runs are made.

    Args:
        folder: a path in the checkout; default this one's.
    """
    commit = _git(folder, "rev-parse", "--short=10", "HEAD")
    changed = commit and _git(folder, "status", "--porcelain", "--untracked-files=no", ":/*.py")
    return commit and commit + "+" * bool(changed)


def _git(folder, *arguments):
    """Output of a git command in a folder; None if it fails."""
    try:
        return subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True, timeout=10
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
