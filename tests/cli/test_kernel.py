"""Executed notebooks in environments that would start another kernel or show no figure."""

import json
import os
import sys
import tempfile

import nbformat
import pytest

from common.cli import notebooks

CELLS = (
    "import os, sys; print(sys.executable, os.environ['MPLBACKEND'])",
    "from common.plots import style; figure, axes = style.axes(); figure",
    # a kernel that somebody else started may have another backend
    "import matplotlib as mpl; from matplotlib.figure import Figure; mpl.use('agg')\n"
    "get_ipython().display_formatter.formatters['image/png'].pop(Figure)",
    "figure, axes = style.axes(); figure",
)


@pytest.fixture
def hostile(tmp_path, monkeypatch):
    """A long $TMPDIR, a backend without figures, and a kernel python3 that cannot start."""
    longest = tmp_path / ("t" * 100)
    kernel = tmp_path / "jupyter" / "kernels" / "python3" / "kernel.json"
    for folder in (longest, kernel.parent):
        folder.mkdir(parents=True)
    spec = {"argv": ["/bin/false"], "language": "python", "display_name": "another Python"}
    kernel.write_text(json.dumps(spec))
    monkeypatch.setattr(tempfile, "tempdir", str(longest))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("MPLBACKEND", "agg")
    return tmp_path


def executed(folder, cells):
    """(figures, first cell's output) of a notebook of these cells."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "", "language": "python"}
    path = folder / "cells.ipynb"
    nbformat.write(notebook, path)
    figures = notebooks.execute(path, folder / "out", {})
    outputs = nbformat.read(folder / "out" / path.name, as_version=4).cells[0].outputs
    return figures, outputs[0].text


def test_execution_in_a_hostile_environment(hostile):
    (hostile / "out").mkdir()
    figures, printed = executed(hostile, CELLS)
    assert len(figures) == 2
    python, backend = printed.split()
    assert os.path.samefile(python, sys.executable) and "inline" in backend
