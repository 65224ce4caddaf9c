"""Command line of each data set: commands, dry run, time estimates, notebook execution.

May import every package but `explorer` and `benchmark`.
"""

from common.cli.commands import main

__all__ = ["main"]
