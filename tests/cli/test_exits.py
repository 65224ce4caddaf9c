"""Exits of commands whose standard output is closed."""

import subprocess
import sys

PRINT = """
from common.cli.exits import one_sentence
with one_sentence():
    print("a line", flush=True)
    print("more than a pipe holds " * 10_000, flush=True)
"""


def test_a_closed_pipe_ends_a_command_with_a_sentence():
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen([sys.executable, "-c", PRINT], text=True, **pipes)
    assert process.stdout.readline() == "a line\n"
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 1
    assert errors == "standard output was closed, which ended the command\n"
