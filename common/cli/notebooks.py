"""Notebook execution: a data set's notebooks, executed into a separate folder.

`python -m common.cli.notebooks mnist`, a part of `make mnist`, reads the committed runs and trains
what is missing. With `--quick` it trains everything from the start on a fraction of the data and
prints the tables. Both name the folder of the executed notebooks and their figures; the committed
results are not changed.
"""

import argparse
import base64
import json
import logging
import time
from pathlib import Path

from common import results
from common.cli import kernel
from common.results import readme
from common.utils import files, packages, terminal
from common.utils.checks import local_folder, require_writable

_PAPERMILL_LINES = (  # beginnings of papermill's own log lines
    *("Executing ", "Ending ", "Input Notebook", "Output Notebook", "Working directory"),
    *("<Figure ", "<IPython"),
)
ROOT = packages.ROOT


def execute(notebook, output_dir, parameters):
    """Execute one notebook with papermill; write it and its figures to `output_dir`.

    Args:
        notebook: path of the notebook; it runs in its own folder.
        output_dir: gets `<name>.ipynb` and `<name>-<number>.png`.
        parameters: dict of values for its `parameters` cell.

    Returns:
        list of paths of the figures, PNG.

    Raises:
        papermill.PapermillExecutionError: a cell failed.
    """
    import papermill

    target = Path(output_dir) / notebook.name
    with kernel.papermill_options() as options:
        papermill.execute_notebook(
            notebook,
            target,
            parameters,
            cwd=notebook.parent,
            progress_bar=False,
            log_output=True,
            store_widget_state=False,  # it can be large, and GitHub does not render it
            **options,
        )
    return _save_figures(target)


def _save_figures(executed):
    cells = json.loads(executed.read_text(encoding="utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    figures = [o["data"]["image/png"] for o in outputs if "image/png" in o.get("data", {})]
    paths = []
    for number, figure in enumerate(figures, 1):
        paths.append(executed.with_name(f"{executed.stem}-{number}.png"))
        paths[-1].write_bytes(base64.b64decode(figure))
    return paths


def main(arguments=None):
    """Execute all notebooks of a data set, print its tables and where the figures are.

    Args:
        arguments: list of str; by default those of the command line.
    """
    terminal.replace_unencodable()
    options = _options(arguments)
    spec = packages.load_module(options.dataset, "recipes").STUDY
    folder = require_writable(options.output_dir or ROOT / "build" / options.dataset).resolve()
    _echo_cells()
    began = time.perf_counter()
    figures, quick = [], options.quick or not _available(options)
    for notebook in sorted((ROOT / options.dataset).glob("*.ipynb")):
        print(f"\n{notebook.name}: {_elapsed(began)} so far", flush=True)
        parameters = _quick_parameters(spec, notebook) if quick else {}
        figures += execute(notebook, folder, parameters | _folders(folder, options.data_dir))
    print(f"\nAll notebooks executed in {_elapsed(began)}.")
    if quick:
        print("This was a quick run on few images and epochs; README's results use all images.")
        _print_tables(options.dataset, folder)
    print(f"\nExecuted notebooks and {len(figures)} figures: {files.display_path(folder)}")


def _options(arguments):
    parser = argparse.ArgumentParser(prog="python -m common.cli.notebooks", description=__doc__)
    parser.add_argument("dataset", choices=["mnist"])
    quick = "train everything again, on few images; always so where the data are unavailable"
    parser.add_argument("--quick", action="store_true", help=quick)
    parser.add_argument("--output-dir", metavar="DIR", help="default: build/<dataset>")
    parser.add_argument("--data-dir", metavar="DIR", help="folder of TensorFlow Datasets' data")
    return parser.parse_args(arguments)


def _available(options):
    """Whether the data of the committed runs can be loaded; warns if not."""
    from common import data

    return data.load(options.dataset, data_dir=options.data_dir).name == options.dataset


def _quick_parameters(spec, notebook):
    """Values for the `parameters` cell of one notebook that trains everything on few images."""
    import papermill

    known = papermill.inspect_notebook(notebook)
    shared = {"retrain": True, **spec.smoke}
    shared = {name: value for name, value in shared.items() if name in known}
    return shared | spec.smoke_by_notebook.get(notebook.stem, {})


def _folders(folder, data_dir):
    """Values for the `parameters` cell: where runs are written and data are read."""
    folders = {"output_dir": str(folder)}
    if data_dir:
        folders["data_dir"] = str(local_folder("the data folder", data_dir).resolve())
    return folders


class _Echo(logging.Handler):
    """Log handler that prints the cells' output and progress lines, not papermill's own lines."""

    def emit(self, record):
        for line in record.getMessage().replace("\r", "\n").splitlines():
            if line.strip() and not line.startswith(_PAPERMILL_LINES):
                print(f"  {line}", flush=True)


def _echo_cells():
    logger = logging.getLogger("papermill")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.handlers = [_Echo()]


def _print_tables(dataset, folder):
    tables = packages.load_module(dataset, "tables")
    for table in readme.render_all(tables, results.load_groups(folder)):
        print(f"\n{readme.drop_pending(table)}")


def _elapsed(began):
    """Time since `began`, such as `7:05 min`."""
    seconds = int(time.perf_counter() - began)
    return f"{seconds // 60}:{seconds % 60:02d} min"


if __name__ == "__main__":
    main()
