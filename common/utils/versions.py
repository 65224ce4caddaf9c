"""Versions of Python and of `common`, which processes that work together must share."""

import functools
import hashlib
import platform
from pathlib import Path


@functools.cache
def software():
    """Text with the version of Python and a hash of the code in `common`.

    Unlike a commit, the hash is known outside git too and covers changes that are not committed.
    """
    digest = hashlib.sha256()
    folder = Path(__file__).resolve().parents[1]
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.read_bytes())
    return f"Python {platform.python_version()} and code {digest.hexdigest()[:10]}"
