"""Checks and messages, atomic files, disk and memory, progress bars, packages, workers, runtimes.

Imports nothing of this repository. Import its modules one by one, such as
`common.utils.checks`, because only some of them need NumPy or tqdm.
"""

__all__ = [
    "checks",
    "files",
    "messages",
    "onnx_runtime",
    "packages",
    "progress_bar",
    "quiet",
    "ray_executor",
    "resources",
    "target_checks",
    "terminal",
    "versions",
    "workers",
]
