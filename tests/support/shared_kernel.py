"""One kernel that executes several notebooks: importing TensorFlow takes longer than most cells."""

import contextlib

import nbformat
from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from papermill.parameterize import parameterize_notebook

from common.cli import kernel


class SharedKernel:
    """An IPython kernel, started as `make mnist` starts those of its notebooks.

    Args:
        first_cell: code that is executed once, before the first notebook.
    """

    def __init__(self, first_cell):
        self._first_cell = first_cell
        self._stack = contextlib.ExitStack()
        options = self._stack.enter_context(kernel.papermill_options())
        self._manager = options["kernel_manager_class"]()

    def execute(self, notebook, folder, parameters):
        """Execute a copy of a notebook from an empty namespace and return it.

        Args:
            notebook: as papermill's `load_notebook_node` returns it.
            folder: the working directory.
            parameters: dict of values for its `parameters` cell.
        """
        executed = parameterize_notebook(notebook, parameters)
        executed.cells.insert(0, nbformat.v4.new_code_cell(f"%reset -f\n%cd -q {folder}"))
        if self._first_cell:
            executed.cells.insert(0, nbformat.v4.new_code_cell(self._first_cell))
            self._first_cell = None
        client = NotebookClient(executed, km=self._manager, timeout=None)
        client.execute()
        client.kc.stop_channels()
        return executed

    def close(self):
        """Stop the kernel."""
        with self._stack:
            run_sync(self._manager.shutdown_kernel)(now=True)
