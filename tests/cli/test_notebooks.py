"""Every notebook keeps the conventions, was executed once, and runs on small data."""

import ast
import itertools
import re
import types
from pathlib import Path

import nbformat
import pytest
from papermill.iorw import load_notebook_node

from common import data
from common.cli import notebooks
from mnist import recipes
from tests.support.shared_kernel import SharedKernel

ALL = sorted(notebooks.ROOT.glob("*/0*.ipynb"))
FIRST = "00_distillation_in_five_minutes"  # a start for learners, free of the fixed headings
HEADINGS = ["The idea in one equation", "Data and models", "See it", "Train live"]
HEADINGS += ["The full experiment", "Exercise", "What we learned"]
# so few steps take less time than tracing does; small nets in place of MNIST's deep teachers
FIRST_CELL = """import dataclasses
import tensorflow
from mnist import recipes
tensorflow.config.run_functions_eagerly(True)
for name, model in (("vgg16", "vgg8"), ("resnet164", "resnet8")):
    recipes.TEACHERS[name] = dataclasses.replace(recipes.TEACHERS[name], model=model)
"""
COMPARED = ("text/plain", "text/markdown", "image/png")  # a widget's model id is a new one


@pytest.fixture(params=ALL, ids=[f"{path.parent.name}/{path.stem}" for path in ALL])
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_there_are_those_of_mnist():
    names = [path.stem for path in ALL if path.parent.name == "mnist"]
    expected = [FIRST, "01_teachers", "02_distillation", "03_temperature", "04_hinton_2015"]
    expected += ["05_what_is_transferred", "06_methods", "07_what_is_in_dark_knowledge"]
    expected += ["08_to_a_device"]
    assert names == expected


def test_cells_come_in_the_agreed_order(notebook, request):
    prose = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    if FIRST not in request.node.callspec.id:
        assert re.findall(r"^## (.*)$", prose, re.MULTILINE) == HEADINGS
    assert 12 <= len(notebook.cells) <= 31
    assert notebook.cells[0].source.startswith("# ")
    assert code(notebook)[0].metadata.get("tags") == ["parameters"]


def test_code_cells_are_short_and_define_nothing_long(notebook):
    for cell in code(notebook):
        assert len(cell.source.splitlines()) <= 15, cell.source
        functions = [n for n in ast.walk(ast.parse(cell.source)) if isinstance(n, ast.FunctionDef)]
        longest = 12 if "build_student" in cell.source else 5  # the network is the point there
        assert all(f.end_lineno - f.lineno < longest for f in functions), cell.source


def test_new_runs_go_into_the_repository_wherever_the_kernel_starts(notebook):
    """Papermill starts it in the folder of the caller, JupyterLab in the notebook's."""
    (line,) = [x for x in code(notebook)[0].source.splitlines() if x.startswith("output_dir")]
    assert line.startswith("output_dir = None  # None: runs/")
    sources = "".join(cell.source for cell in code(notebook))
    assert "output_dir=output_dir or default_output_dir(" in sources


def test_arguments_are_not_packed_to_save_lines(notebook):
    for cell in code(notebook):
        calls = [n for n in ast.walk(ast.parse(cell.source)) if isinstance(n, ast.Call)]
        starred = [a.value for n in calls for a in n.args if isinstance(a, ast.Starred)]
        assert not [value for value in starred if isinstance(value, ast.Tuple)], cell.source


def test_was_executed_once_from_top_to_bottom(notebook, request):
    folder = request.node.callspec.params["notebook"].parent.name
    if not list(notebooks.ROOT.glob(f"{folder}/results/*.json")):
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
def kernel():
    shared = SharedKernel(FIRST_CELL)
    yield shared
    shared.close()


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder for the notebooks that one worker executes: later ones read earlier ones' runs."""
    return tmp_path_factory.mktemp("runs")


def doubled(path):
    """A notebook with each cell twice, but for the parameters, whose new values follow once."""
    notebook = load_notebook_node(str(path))
    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        if cell.cell_type == "code" and not cell.metadata.get("tags"):
            again = nbformat.v4.new_code_cell(cell.source, metadata={"tags": ["again"]})
            cells.append(again)
    notebook.cells = cells
    return notebook


def assert_cells_repeat(executed):
    """Each cell shows the same figures and tables when run again, and prints no other lines.

    It may print fewer: a second run reads what the first one trained.
    """
    for cell, again in itertools.pairwise(code(executed)):
        if again.metadata.get("tags") == ["again"]:
            assert displayed(again) == displayed(cell), cell.source
            assert printed(again) <= printed(cell), cell.source


def displayed(cell):
    contents = [output.data for output in cell.outputs if "data" in output]
    return [{kind: data[kind] for kind in COMPARED if kind in data} for data in contents]


def printed(cell):
    text = "".join(output.text for output in cell.outputs if output.output_type == "stream")
    timed = ("read ", "Epoch ")
    return {x for x in text.splitlines() if not x.startswith(timed) and "/step" not in x}


@pytest.fixture
def execute(kernel, trained):
    """Function that executes a notebook on little data; its runs are in `trained` afterwards."""

    def run(path, data_dir, **parameters):
        quick = {"seeds": [0, 1], "epochs": 1, "retrain": True}
        where = {"data_dir": str(data_dir), "output_dir": str(trained)}
        executed = kernel.execute(doubled(path), path.parent, quick | where | parameters)
        contents = [output for cell in code(executed) for output in displayed(cell)]
        assert sum("image/png" in output for output in contents) >= 4  # two figures, twice
        assert_cells_repeat(executed)

    return run


@pytest.mark.slow
@pytest.mark.parametrize("path", [p for p in ALL if p.parent.name == "mnist"], ids=lambda p: p.stem)
def test_runs_on_small_data(path, execute, trained, mnist_dir):
    parameters = {"seeds": [0, 1]} | recipes.STUDY.smoke_by_notebook.get(path.stem, {})
    if path.stem == "02_distillation":  # one stands for all that have this parameter
        parameters["train"] = "one seed"
    if path.stem.startswith("07"):  # its controls need two images of each class
        parameters["students"] = ["mlp"]
    execute(path, mnist_dir, **parameters | {"limit": 100})
    last = 0 if path.stem == FIRST else parameters["seeds"][-1] + ("train" in parameters)
    assert list((trained / "results").glob(f"mnist*-seed{last}.json"))


@pytest.mark.parametrize("options", [[], ["--quick"], ["--data-dir", "none"]])
def test_parameters_of_make_mnist(options, monkeypatch, tmp_path, capsys):
    """The committed runs are read unless a quick run is asked for or MNIST is unavailable."""
    parameters_of = {}

    def execute(notebook, folder, parameters):
        parameters_of[notebook.stem] = parameters
        return []

    monkeypatch.setattr(notebooks, "execute", execute)
    loaded = "mnist5k" if "none" in options else "mnist"
    monkeypatch.setattr(data, "load", lambda name, **_: types.SimpleNamespace(name=loaded))
    notebooks.main(["mnist", "--output-dir", str(tmp_path), *options])
    common = {"output_dir": str(tmp_path)}
    if "none" in options:
        common["data_dir"] = str(Path("none").resolve())
    quick = {"retrain": True, **recipes.STUDY.smoke}
    assert (
        "seeds" not in parameters_of[FIRST]
    )  # papermill would print that it has no such parameter
    assert len(parameters_of) == len([path for path in ALL if path.parent.name == "mnist"])
    assert parameters_of["02_distillation"] == (quick | common if options else common)
    printed = capsys.readouterr().out
    assert "0 figures: " in printed and ("quick run" in printed) == bool(options)


SMALL = {  # nets that TensorFlow traces quickly, in place of the studies'
    "01_teachers": {"teacher": "cnn"},
    "02_distillation": {"teacher": "cnn", "students": ["mlp"]},
    "03_temperature": {"teacher": "cnn", "student": "mlp", "other": "mlp"},
}
OF_CIFAR100 = {
    "04_longer_training": {
        "teacher": "cnn",
        "short": "mlp",
        "long": "mlp",
        "deep_teacher": "cnn",
        "deep_student": "mlp",
    },
    "05_methods": {
        "seeds": [0],
        "selection_seeds": [1],
        "teacher": "cnn",
        "methods": ["kd", "dist"],
    },
    "06_to_a_device": {  # too few images for int8
        "teacher": "cnn",
        "student": "device_cnn_eighth",
        "students": ["device_cnn_eighth"],
        "precisions": ["float32"],
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL | OF_CIFAR100)
def test_cifar100_runs_on_small_data(name, execute, trained, cifar_dir):
    path = notebooks.ROOT / "cifar100" / f"{name}.ipynb"
    execute(path, cifar_dir, limit=100, **(SMALL | OF_CIFAR100)[name])
    assert list((trained / "results").glob("cifar100-cnn-*-seed0.json"))


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_tiny_imagenet_runs_on_small_data(name, execute, trained, tiny_dir):
    path = notebooks.ROOT / "tiny_imagenet" / f"{name}.ipynb"
    of_study = {"study_name": "tiny_imagenet20", "teacher": "cnn", "student": "cnn_half"}
    execute(path, tiny_dir, limit=80, **of_study)  # the ConvNet is quicker than the ShuffleNet
    assert list((trained / "results").glob("tiny_imagenet20-cnn-*-seed0.json"))


@pytest.mark.slow
def test_your_data_runs_on_few_images(execute, trained, tmp_path):
    execute(notebooks.ROOT / "your_data" / "01_distill.ipynb", tmp_path, limit=100)
    assert list((trained / "results").glob("sklearn_digits-cnn-*-seed1.json"))
