"""Argument checks with actionable messages: one sentence with the value and the remedy."""

import difflib
import itertools
import math
import numbers
import os
import re
import tempfile
from pathlib import Path

MIN_TEMPERATURE = 1e-6  # logits divided by it, and its square, are far inside float32's range


def require_choice(kind, name, known):
    """Raise ValueError unless `name` is one of `known`; it lists similar names, or else all."""
    known = list(known)
    if name not in known:
        names = [str(choice) for choice in known]
        similar = difflib.get_close_matches(str(name), names, n=4, cutoff=0.4)
        every = f"choose from {', '.join(names)}"
        hint = f"did you mean {', '.join(similar)}?" if similar else every
        raise ValueError(f"unknown {kind} {name!r}: {hint}")


def require_positive(kind, value, *, integer=False):
    """Raise ValueError unless `value` is a finite number above 0, whole (2 or 2.0) if `integer`."""
    is_positive = _is_finite(value) and value > 0
    if not is_positive or (integer and value != int(value)):
        noun = "a whole number" if integer else "a finite number"
        raise ValueError(f"{kind} must be {noun} above 0, got {value!r}")


def require_temperature(value):
    """Raise ValueError unless `value` is a finite number of at least MIN_TEMPERATURE."""
    require_positive("temperature", value)
    if value < MIN_TEMPERATURE:
        raise ValueError(
            f"temperature must be at least {MIN_TEMPERATURE:g}, got {value!r}: float32 holds no "
            "logits that are divided by less"
        )


def require_not_negative(kind, value):
    """Raise ValueError unless `value` is a finite number of at least 0."""
    if not _is_finite(value) or value < 0:
        raise ValueError(f"{kind} must be a finite number of at least 0, got {value!r}")


def require_fraction(kind, value):
    """Raise ValueError unless 0 <= `value` <= 1."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0 <= value <= 1:
        raise ValueError(f"{kind} must lie between 0 and 1, got {value!r}")


def local_folder(kind, name):
    """The folder as a Path, with `~` expanded; ValueError unless it is a local path.

    Args:
        kind: noun that begins the message.
        name: path-like, such as a str; `gs://bucket` would become a folder called `gs:`.
    """
    name = os.fspath(name)
    if not name:
        raise ValueError(f"{kind} is empty: choose a folder")
    if re.match(r"[A-Za-z][\w+.-]+:/", name):
        raise ValueError(f"{kind} {name} is a remote address: choose a folder on this machine")
    try:
        return Path(name).expanduser()
    except RuntimeError:  # as in a container whose user has no account
        raise ValueError(
            f"{kind} {name} is in a home folder that does not exist: choose another folder"
        ) from None


def require_readable(path):
    """Raise ValueError, naming the file or folder, if this user may not read `path` or its content.

    A path that does not exist is allowed.
    """
    path = Path(path).absolute()
    effective = {"effective_ids": os.access in os.supports_effective_ids}
    above = ((parent, os.X_OK) for parent in reversed(path.parents))
    content = ((each, os.R_OK) for each in itertools.chain((path,), path.rglob("*")))
    for each, right in itertools.chain(above, content):
        if os.access(each, os.F_OK, **effective) and not os.access(each, right, **effective):
            raise ValueError(
                f"{each} cannot be read by this user: its owner can allow it with "
                f"`chmod -R a+rX {min(each, path)}`, or choose another folder"
            )


def require_writable(folder):
    """The folder as a Path, created if it is missing; ValueError if it cannot be written to."""
    folder = local_folder("the output folder", folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".write-test-"):
            pass
    except OSError as error:
        raise ValueError(
            f"cannot write to {folder} ({error.strerror}): choose another output folder"
        ) from None
    return folder


TEACHER_FILES = (".keras", ".onnx", ".npy", ".npz")  # models, logits


def is_teacher_file(name):
    """Whether a teacher is named by a file of a model or of logits."""
    return Path(name).suffix in TEACHER_FILES


def require_teacher_file(path):
    """The file as a Path, with `~` expanded; ValueError unless it exists and is of a known kind."""
    path = Path(path).expanduser()
    if path.suffix not in TEACHER_FILES:
        raise ValueError(
            f"the teacher {path} is no file of {', '.join(TEACHER_FILES)}: pass a model or a "
            "function"
        )
    if not path.is_file():
        raise ValueError(f"there is no file {path} of a teacher: look at its name and folder")
    return path


def require_at_least(kind, value, least):
    """Raise ValueError unless `value` is a whole number of at least `least`."""
    if not is_integer(value, least):
        raise ValueError(f"{kind} must be a whole number of at least {least}, got {value!r}")


def require_seed(value):
    """Raise ValueError unless `value` is a whole number of at least 0."""
    require_at_least("seed", value, 0)


def is_integer(value, least):
    """Whether `value` is an integer (Python's or NumPy's, no bool) of at least `least`."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool) and value >= least


def _is_finite(value):
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    return is_number and math.isfinite(value)


def require_distinct_folder(folder, published):
    """Raise ValueError if retrained runs would be written to the folder of the committed ones.

    Args:
        folder: where the runs would be written.
        published: the folder of the committed runs.
    """
    if local_folder("the output folder", folder).resolve() == Path(published).resolve():
        raise ValueError(
            f"retrained runs would be written to {folder}, which has the committed runs: choose "
            "another output folder (--output-dir DIR, output_dir)"
        )
