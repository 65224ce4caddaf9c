"""Names of the students in a weights file of Keras, which knows positions, not names."""

import json

import numpy as np

KEY = "students"


def write_names(store, names):
    """Write a list of names into an entry of Keras's weights file."""
    store[KEY] = np.frombuffer(json.dumps(list(names)).encode(), "uint8")


def require_names(path, names):
    """Raise ValueError unless the weights file at `path` is of students of just these names.

    Args:
        path: of a file that Keras's `save_weights` wrote; a missing one is Keras's to refuse.
        names: iterable of str.
    """
    import h5py  # a package of Keras; here, since most processes read no weights

    if not str(path).endswith(".weights.h5"):
        raise ValueError(f"the weights of students are in a file *.weights.h5, got {path}")
    with h5py.File(path, "r") as file:
        stored = file.get(f"vars/{KEY}")
        saved = [] if stored is None else json.loads(bytes(stored[()].tobytes()))
    if sorted(saved) != sorted(names):
        of = f"students {', '.join(saved)}" if saved else "no students, or of an older version"
        raise ValueError(f"the weights {path} are of {of}, the model has {', '.join(names)}")
