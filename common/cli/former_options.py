"""Options that had another name in an earlier version, under which they still work."""

import argparse
import sys


class _FormerOption(argparse.Action):
    """An option under its former name: works, and prints the new name to standard error."""

    def __init__(self, *arguments, new, **options):
        super().__init__(*arguments, help=argparse.SUPPRESS, **options)
        self.new = new

    def __call__(self, parser, namespace, values, option_string=None):
        print(f"{option_string} is now called {self.new}", file=sys.stderr)
        setattr(namespace, self.dest, True if self.nargs == 0 else values)


def add_flag(command, name, former, text):
    """Add a flag and its former name, which the help does not show."""
    dest = name[2:].replace("-", "_")
    command.add_argument(name, action="store_true", help=text)
    command.add_argument(former, action=_FormerOption, nargs=0, dest=dest, new=name, default=False)


def add_count(command, name, former, text):
    """Add an option with a whole number, 0 by default, and its former name."""
    dest = name[2:].replace("-", "_")
    command.add_argument(name, type=int, default=0, metavar="K", help=text)
    command.add_argument(former, action=_FormerOption, type=int, dest=dest, new=name, default=0)
