"""Suppression of the messages that TensorFlow logs from C++ while it is imported."""

import contextlib
import os
import sys


@contextlib.contextmanager
def suppress_stderr():
    """Context in which the file descriptor of standard error is discarded.

    TensorFlow 2.21 logs about oneDNN and missing GPUs from C++ before it reads its log level.
    Python exceptions are not affected.
    """
    if sys.stderr is None:  # closed by the caller
        yield
        return
    sys.stderr.flush()
    saved = os.dup(2)
    devnull = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(devnull, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(devnull)
