"""Kernel of executed notebooks: this Python, sockets in a short folder, figures in the notebook."""

import contextlib
import os
import tempfile

# bytes of a folder for sockets, whose whole path may have 107 on Linux, 103 on macOS
_MAX_BYTES = 80


@contextlib.contextmanager
def papermill_options():
    """Context of keyword arguments for papermill.execute_notebook that start the kernel.

    It ignores a kernel spec "python3" of another Python in $JUPYTER_PATH, and $MPLBACKEND, which
    would keep figures out of the notebook.
    """
    if os.name != "posix":  # no sockets: over TCP the kernel prints a warning
        yield {"kernel_manager_class": _manager()}
        return
    with tempfile.TemporaryDirectory(dir=_parent()) as folder:
        # the default name is shared by all kernels of a folder
        sockets = {"transport": "ipc", "ip": os.path.join(folder, "kernel")}
        yield {"kernel_manager_class": _manager(**sockets)}


def _parent():
    """Folder for temporary folders: $TMPDIR's unless it is too long for sockets."""
    return None if len(os.fsencode(tempfile.gettempdir())) <= _MAX_BYTES else "/tmp"


def _manager(**attributes):
    from ipykernel.kernelspec import make_ipkernel_cmd
    from jupyter_client import AsyncKernelManager
    from jupyter_client.kernelspec import KernelSpec

    class LocalKernelManager(AsyncKernelManager):
        kernel_spec = KernelSpec(argv=make_ipkernel_cmd(), language="python", display_name="Python")

        async def start_kernel(self, **options):
            environment = {**(options.pop("env", None) or os.environ)}
            environment.pop("MPLBACKEND", None)
            await super().start_kernel(env=environment, **options)

    for name, value in attributes.items():
        setattr(LocalKernelManager, name, value)
    return LocalKernelManager
