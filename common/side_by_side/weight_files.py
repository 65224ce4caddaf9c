"""NamedWeights: weights files that hold the students' names; Keras's know positions only."""

import json

import numpy as np

from common.backend import keras

KEY = "students"


class NamedWeights(keras.Model):
    """Base of `SideBySide`, whose `models` are {name: model}: weights are read by name."""

    def save_own_variables(self, store):
        """Write the students' names into a file of weights, besides what Keras writes."""
        super().save_own_variables(store)
        write_names(store, self.models)

    def load_own_variables(self, store):
        """Read what `save_own_variables` wrote; `load_weights` has checked the names."""
        own = {key: store[key] for key in store.keys() if key != KEY}  # noqa: SIM118
        super().load_own_variables(own)

    def load_weights(self, filepath, **options):
        """Keras's `load_weights`, each student's by its name, in whichever order they are.

        Raises:
            ValueError: a file of other students, which are named.
        """
        require_names(filepath, self.models)
        super().load_weights(filepath, **options)

    def save(self, *arguments, **options):
        """Raise ValueError: a saved SideBySide could not be loaded; save each student."""
        raise ValueError(
            "students side by side are saved one by one, as models[name].save(path); or all their "
            "weights, by save_weights or ModelCheckpoint(path, save_weights_only=True)"
        )


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
        raise ValueError(
            f"the weights {path} are of {of}, the model has {', '.join(names)}: build it with the "
            "students that were saved"
        )
