"""Refuse bad input in one sentence that names the value and the mend, before any long work."""

import difflib
import math
import numbers
import os
from pathlib import Path


def require_choice(kind, name, known):
    """Raise ValueError, near names listed or else all, unless `name` is one of `known`."""
    known = list(known)
    if name not in known:
        words = [str(word) for word in known]
        near = difflib.get_close_matches(str(name), words, n=4, cutoff=0.4)
        mend = f"did you mean {', '.join(near)}?" if near else f"known are {', '.join(words)}"
        raise ValueError(f"unknown {kind} {name!r}: {mend}")


def require_positive(kind, value, *, integer=False):
    """Raise ValueError unless `value` is a finite number above zero (an integer if `integer`)."""
    wrong = isinstance(value, bool) or not isinstance(value, numbers.Real)
    if wrong or not math.isfinite(value) or value <= 0 or (integer and value != int(value)):
        noun = "a whole number" if integer else "a finite number"
        raise ValueError(f"{kind} must be {noun} above 0, got {value!r}")


def require_fraction(kind, value):
    """Raise ValueError unless 0 <= `value` <= 1."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0 <= value <= 1:
        raise ValueError(f"{kind} must lie between 0 and 1, got {value!r}")


def require_writable(folder):
    """Make `folder` if it is missing; raise ValueError if nothing can be written there."""
    folder = Path(folder).expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".write-test-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ValueError(
            f"cannot write to {folder} ({error.strerror}): choose another output folder"
        ) from None
    return folder


def require_at_least(kind, value, least):
    """Raise ValueError unless `value` is a whole number of at least `least`."""
    if not is_integer(value, least):
        raise ValueError(f"{kind} must be a whole number of at least {least}, got {value!r}")


def require_seed(value):
    """Raise ValueError unless `value` is a whole number of at least 0."""
    require_at_least("seed", value, 0)


def is_integer(value, least):
    """Whether `value` is an integer, NumPy's too but no bool, of at least `least`."""
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    return whole and value >= least


def require_distinct_folder(folder, published):
    """Raise ValueError if runs are to be made anew where the committed ones are found and read."""
    if Path(folder).expanduser().resolve() == Path(published).resolve():
        raise ValueError(
            f"runs made anew would be written to {folder}, where the committed ones are: name "
            "another output folder (--output-dir DIR, output_dir)"
        )
