"""Import TensorFlow without the start-up lines that no setting of its own turns off."""

import contextlib
import os
import sys


@contextlib.contextmanager
def suppress_stderr():
    """Send standard error's file descriptor to nowhere inside the block.

    TensorFlow 2.21 logs about oneDNN and absent GPUs from C++ before its log level is
    read. Python exceptions are not affected.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
