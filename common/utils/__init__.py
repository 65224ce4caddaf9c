"""Argument checks, atomic files, disk and memory, progress bars, terminals, packages, workers.

Imports nothing of this repository. Import the modules, such as `common.utils.checks`: only some of
them need NumPy or tqdm.
"""

__all__ = [
    "checks",
    "files",
    "packages",
    "progress_bar",
    "quiet",
    "resources",
    "terminal",
    "workers",
]
