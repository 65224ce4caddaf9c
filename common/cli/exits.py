"""Exit of a command: bad input and interruptions end it with one sentence."""

import contextlib
import sys


@contextlib.contextmanager
def one_sentence():
    """Context in which expected errors exit with their message and notes, others raise."""
    try:
        yield
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
