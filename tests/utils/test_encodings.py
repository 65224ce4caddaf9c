"""Locales other than UTF-8: files are UTF-8 all the same, and every table is printed."""

import ast
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from common.results import readme

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("common", "mnist", "cifar100", "tiny_imagenet")
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
FILES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def opens_text_in_the_locale(node):
    """Whether a node of the syntax tree calls for text in the encoding of the user's locale."""
    if not isinstance(node, ast.Call) or "encoding" in {word.arg for word in node.keywords}:
        return False
    if isinstance(node.func, ast.Attribute):
        return node.func.attr in ("read_text", "write_text")
    is_open = isinstance(node.func, ast.Name) and node.func.id == "open"
    return is_open and not any("b" in ast.unparse(mode) for mode in node.args[1:2])


def test_every_text_file_is_opened_as_utf8():
    places = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if opens_text_in_the_locale(node)
    ]
    assert not places


@pytest.mark.parametrize("module", ["common.results --check", "mnist table"])
def test_tables_in_an_ascii_locale(module):
    """`--check` fails if a table in README or another page is not that of the records."""
    done = subprocess.run(
        [sys.executable, "-m", *module.split()],
        cwd=ROOT,
        env=os.environ | ASCII,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and not done.stderr, done.stderr
    if module == "mnist table":
        expected = readme.table("mnist", "published").encode("ascii", "replace").decode()
        assert expected in done.stdout


def test_a_closed_standard_error_is_no_error():
    """`command 2>&-` leaves Python without sys.stderr."""
    code = "from common.utils import quiet\nwith quiet.suppress_stderr(): print('imported')"
    command = f"{shlex.quote(sys.executable)} -c {shlex.quote(code)} 2>&-"
    done = subprocess.run(command, shell=True, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert done.stdout == "imported\n" and done.returncode == 0
