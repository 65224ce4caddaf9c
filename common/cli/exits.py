"""Exit of a command: bad input and interruptions end it with one sentence."""

import contextlib
import os
import sys


@contextlib.contextmanager
def one_sentence():
    """Context in which expected errors exit with their message and notes, others raise."""
    try:
        yield
    except BrokenPipeError:
        # Python flushes standard output at its exit, which would raise the error once more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit("standard output was closed, which ended the command")
    except (ValueError, OSError, FloatingPointError) as error:
        sys.exit("\n".join([f"error: {error}", *getattr(error, "__notes__", ())]))
    except ModuleNotFoundError as error:
        if error.name is None:  # ours, which names the extra
            sys.exit(f"error: {error}")
        sys.exit(
            f"error: {error}: run `source .venv/bin/activate` (`make mnist` creates .venv), or "
            "install the backend that KERAS_BACKEND names"
        )
    except KeyboardInterrupt:
        sys.exit("interrupted; the same command resumes after the last complete epoch")
