"""Execute a data set's notebooks with a quick recipe into a folder of their own.

`python -m common.cli.notebooks mnist` is what `make mnist` runs: it trains everything anew on part
of the data, shows progress, prints its table beside the published one, and says where the
executed notebooks and their figures are. The committed results are not touched.
"""

import argparse
import base64
import json
import logging
import os
import tempfile
import time
from pathlib import Path

from common import results
from common.results import readme
from common.runs import records
from common.utils import files, packages
from common.utils.checks import require_writable

_PAPERMILLS = (  # how the lines begin that are papermill's own
    *("Executing ", "Ending ", "Input Notebook", "Output Notebook", "Working directory"),
    *("<Figure ", "<IPython"),
)
ROOT = Path(__file__).resolve().parents[2]


def execute(notebook, output_dir, parameters):
    """Run one notebook with papermill and write it, executed, and its figures to `output_dir`.

    Args:
        notebook: path of the notebook; it runs in its own folder.
        output_dir: gets `<name>.ipynb` and `<name>-<number>.png`.
        parameters: values for its `parameters` cell.

    Returns:
        list of paths of the figures.

    Raises:
        papermill.PapermillExecutionError: a cell failed.
    """
    import papermill

    target = Path(output_dir) / notebook.name
    with tempfile.TemporaryDirectory() as sockets:
        papermill.execute_notebook(
            notebook,
            target,
            parameters,
            cwd=notebook.parent,
            progress_bar=False,
            log_output=True,
            store_widget_state=False,  # its size is without bound, and GitHub shows none of it
            **_local_kernel(sockets),
        )
    return _save_figures(target)


def _local_kernel(folder):
    """Keep the kernel's traffic in sockets in `folder` where the system can: over TCP it warns."""
    if os.name != "posix":
        return {}
    from jupyter_client import AsyncKernelManager

    class LocalKernelManager(AsyncKernelManager):
        transport = "ipc"
        ip = os.path.join(folder, "kernel")  # else in the notebook's folder, for all kernels alike

    return {"kernel_manager_class": LocalKernelManager}


def _save_figures(executed):
    cells = json.loads(executed.read_text())["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    pictures = [o["data"]["image/png"] for o in outputs if "image/png" in o.get("data", {})]
    paths = []
    for number, picture in enumerate(pictures, 1):
        paths.append(executed.with_name(f"{executed.stem}-{number}.png"))
        paths[-1].write_bytes(base64.b64decode(picture))
    return paths


def main(arguments=None):
    options = _options(arguments)
    spec = packages.load_module(options.dataset, "recipes").STUDY
    folder = require_writable(options.output_dir or ROOT / "build" / options.dataset).resolve()
    _echo_cells()
    began = time.perf_counter()
    figures = []
    for notebook in sorted((ROOT / options.dataset).glob("*.ipynb")):
        print(f"\n{notebook.name}: {_clock(time.perf_counter() - began)} so far", flush=True)
        figures += execute(notebook, folder, _parameters(spec, notebook, folder, options.data_dir))
    print(f"\nAll notebooks executed in {_clock(time.perf_counter() - began)}.")
    print(
        "A quick look: few images and epochs. README's numbers are of all images and more epochs."
    )
    _print_tables(options.dataset, folder)
    print(f"\nExecuted notebooks and {len(figures)} figures: {files.display_path(folder)}")


def _options(arguments):
    parser = argparse.ArgumentParser(prog="python -m common.cli.notebooks", description=__doc__)
    parser.add_argument("dataset", choices=["mnist"])
    parser.add_argument("--output-dir", metavar="DIR", help="default: build/<dataset>")
    parser.add_argument("--data-dir", metavar="DIR", help="TFDS's folder")
    return parser.parse_args(arguments)


def _parameters(spec, notebook, folder, data_dir):
    """Values for the `parameters` cell of one notebook: a quick look that trains into `folder`."""
    given = {"output_dir": str(folder), "retrain": True, **spec.smoke}
    if data_dir:
        given["data_dir"] = str(Path(data_dir).expanduser().resolve())
    return given | spec.smoke_by_notebook.get(notebook.stem, {})


class _Echo(logging.Handler):
    """Prints what the cells print, progress lines included, without papermill's own words."""

    def emit(self, record):
        for line in record.getMessage().replace("\r", "\n").splitlines():
            if line.strip() and not line.startswith(_PAPERMILLS):
                print(f"  {line}", flush=True)


def _echo_cells():
    logger = logging.getLogger("papermill")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.handlers = [_Echo()]


def _print_tables(dataset, folder):
    tables = packages.load_module(dataset, "tables")
    found = results.group_seeds(records.load_all(folder))
    for table in readme.render_all(tables, found):
        print(f"\n{readme.drop_pending(table)}")


def _clock(seconds):
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d} min"


if __name__ == "__main__":
    main()
