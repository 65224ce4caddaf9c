"""Progress bar: on terminals of any width, and without a standard output."""

import io
import os
import sys

import pytest

from common.utils.progress_bar import progress_bar


class Terminal(io.StringIO):
    """A terminal that keeps what is written."""

    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("columns", "beginning"), [(40, " 40%, "), (100, "mnist, 3 side by side, seed 0:  40% 4/10 ")]
)
def test_a_narrow_terminal_shows_percentage_and_time_left_first(columns, beginning, monkeypatch):
    monkeypatch.setattr(
        "shutil.get_terminal_size", lambda *fallback: os.terminal_size((columns, 24))
    )
    terminal = Terminal()
    with progress_bar(10, "mnist, 3 side by side, seed 0", "steps", 4, stream=terminal):
        assert terminal.getvalue().lstrip("\r").startswith(beginning)
        assert " left" in terminal.getvalue()


def test_without_standard_output_there_is_no_bar(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    with progress_bar(10, "title", "steps") as bar:
        bar.update(3)
