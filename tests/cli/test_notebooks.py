"""Every notebook keeps the conventions, was executed once, and runs on small data."""

import ast
import re

import nbformat
import pytest

from common.cli import notebooks
from mnist import recipes

ALL = sorted(notebooks.ROOT.glob("*/0*.ipynb"))
READS = {"tiny_imagenet": "tiny_imagenet/pilot"}  # whose committed runs a folder's notebooks show
HEADINGS = ["Data", "Models", "What the student sees", "Train", "Result", "What we learned"]


@pytest.fixture(params=ALL, ids=[f"{path.parent.name}/{path.stem}" for path in ALL])
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_there_are_those_of_mnist():
    names = [path.stem for path in ALL if path.parent.name == "mnist"]
    expected = ["01_teachers", "02_distillation", "03_temperature"]
    assert names == [*expected, "04_hinton_2015", "05_what_is_transferred"]


def test_cells_come_in_the_agreed_order(notebook):
    prose = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    assert re.findall(r"^## (.*)$", prose, re.MULTILINE) == HEADINGS
    assert 12 <= len(notebook.cells) <= 25
    assert notebook.cells[0].source.startswith("# ")
    assert code(notebook)[0].metadata.get("tags") == ["parameters"]


def test_code_cells_are_short_and_define_nothing_long(notebook):
    for cell in code(notebook):
        assert len(cell.source.splitlines()) <= 12, cell.source
        functions = [n for n in ast.walk(ast.parse(cell.source)) if isinstance(n, ast.FunctionDef)]
        assert all(f.end_lineno - f.lineno < 5 for f in functions), cell.source


def test_was_executed_once_from_top_to_bottom(notebook, request):
    folder = request.node.callspec.params["notebook"].parent.name
    if not list(notebooks.ROOT.glob(f"{READS.get(folder, folder)}/results/*.json")):
        pytest.skip("the runs that it reads have not been made yet")
    counts = [cell.execution_count for cell in code(notebook)]
    assert counts == list(range(1, len(counts) + 1))
    outputs = [output for cell in code(notebook) for output in cell.outputs]
    assert not [o for o in outputs if o.output_type == "error" or o.get("name") == "stderr"]


def test_is_small_and_tells_nothing_of_the_machine(notebook):
    text = nbformat.writes(notebook)
    assert len(text) < 500_000
    assert "widgets" not in notebook.metadata and "kernelspec" in notebook.metadata
    assert not re.search(r"/(home|root|Users|work|tmp)/", re.sub(r'"image/png": "[^"]*"', "", text))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder for the notebooks that one worker executes: later ones read earlier ones' runs."""
    return tmp_path_factory.mktemp("runs")


def execute(path, folder, data_dir, **given):
    """The figures of a notebook whose runs, trained on little, are in `folder` afterwards."""
    quick = {"seeds": [0, 1], "epochs": 1, "retrain": True}
    where = {"data_dir": str(data_dir), "output_dir": str(folder)}
    figures = notebooks.execute(path, folder, quick | where | given)
    assert len(figures) >= 2
    return figures


@pytest.mark.slow
@pytest.mark.parametrize("path", [p for p in ALL if p.parent.name == "mnist"], ids=lambda p: p.stem)
def test_runs_on_small_data(path, trained, mnist_dir, monkeypatch):
    monkeypatch.delenv("MPLBACKEND", raising=False)  # a kernel draws inline
    given = {"seeds": [0, 1]} | recipes.SMOKE_BY_NOTEBOOK.get(path.stem, {}) | {"limit": 100}
    execute(path, trained, mnist_dir, **given)
    assert not [file for file in path.parent.iterdir() if file.is_socket()]
    assert list((trained / "results").glob(f"mnist*-seed{given['seeds'][-1]}.json"))


SMALL = {  # nets that TensorFlow traces quickly, in place of the pilot's
    "01_teachers": {"teacher": "cnn", "student": "mlp"},
    "02_distillation": {"teacher": "cnn", "students": ["mlp"]},
    "03_temperature": {"teacher": "cnn", "student": "mlp", "other": "mlp"},
}


LONGER = {"04_longer_training": {"teacher": "cnn", "short": "mlp", "long": "mlp"}}


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL | LONGER)
def test_cifar100_runs_on_small_data(name, trained, cifar_dir, monkeypatch):
    monkeypatch.delenv("MPLBACKEND", raising=False)
    path = notebooks.ROOT / "cifar100" / f"{name}.ipynb"
    execute(path, trained, cifar_dir, limit=100, **(SMALL | LONGER)[name])
    assert list((trained / "results").glob("cifar100-cnn-*-seed0.json"))


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_tiny_imagenet_runs_on_small_data(name, trained, tiny_dir, monkeypatch):
    monkeypatch.delenv("MPLBACKEND", raising=False)
    path = notebooks.ROOT / "tiny_imagenet" / f"{name}.ipynb"
    execute(path, trained, tiny_dir, limit=80, teacher="cnn")  # quicker than the ShuffleNet
    assert list((trained / "results").glob("tiny_imagenet20-cnn-*-seed0.json"))
