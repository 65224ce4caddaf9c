"""Command line of the data sets' folders: commands, dry run, time estimates, notebook execution.

May import every package but `explorer` and `benchmark`.
"""

from common.cli.commands import main

__all__ = ["main"]
