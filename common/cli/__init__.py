"""The command line of the data sets' folders, its dry runs, and `make`'s programs.

May import anything but `explorer` and `benchmark`.
"""

from common.cli.commands import main

__all__ = ["main"]
