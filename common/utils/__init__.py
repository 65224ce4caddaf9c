"""Argument checks, atomic files, disk and memory, progress bars, terminals, packages, workers.

Imports nothing of this repository. Import its modules one by one, such as
`common.utils.checks`, because only some of them need NumPy or tqdm.
"""

__all__ = [
    "checks",
    "files",
    "packages",
    "progress_bar",
    "quiet",
    "ray_executor",
    "resources",
    "terminal",
    "versions",
    "workers",
]
