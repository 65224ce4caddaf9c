"""Images and targets of a fit, in every form that Keras takes, as arrays that can be checked."""

import dataclasses
import itertools

import numpy as np

from common.backend import keras


@dataclasses.dataclass(frozen=True)
class Inputs:
    """The data that `fit` passes to Keras, and the images and targets that are checked.

    Args:
        x, y: for Keras; lists of numbers as arrays, a generator with its first batch put back.
        images: (n, h, w, c) all images of an array, or a data set's first batch.
        targets: the images' {"labels", teacher's name: logits}; None if there are none.
        is_array: whether x and y are arrays, not a data set.
    """

    x: object
    y: object
    images: object
    targets: object
    is_array: bool


def read_inputs(x, y=None):
    """`Inputs` of arrays, a PyDataset, a tf.data.Dataset, a DataLoader or a generator."""
    if isinstance(x, dict) or x is None:
        raise ValueError(f"images are one array (n, h, w, c), got {type(x).__name__}")
    if _is_array(x):
        x, single = _as_array(x), not isinstance(y, dict)
        y = _as_array(y) if single else {key: _as_array(values) for key, values in y.items()}
        return Inputs(x, y, x, {"labels": y} if single and y is not None else y, True)
    x, batch = first_batch(x)
    images, targets, _ = keras.utils.unpack_x_y_sample_weight(batch)
    if targets is not None and not isinstance(targets, dict):
        targets = {"labels": targets}
    return Inputs(x, y, images, targets, False)


def first_batch(data):
    """(data, first batch); of an iterator, which its first batch was taken from, a new one."""
    if hasattr(data, "first_batch"):  # of `batching.to_tf_dataset`
        return data, data.first_batch()
    if isinstance(data, keras.utils.PyDataset):
        return data, data[0]
    if hasattr(data, "__next__"):
        first = next(data)
        return _chained(first, data), first
    return data, next(iter(data))


class LastBatch:
    """A data set whose first batch is the last one of `data`."""

    def __init__(self, data):
        self.first_batch = lambda: data[len(data) - 1]


def _chained(first, iterator):
    """Generator of what `iterator` yielded before its first batch was taken."""
    yield from itertools.chain([first], iterator)


def _is_array(x):
    return isinstance(x, (list, tuple)) or hasattr(x, "shape")


def _as_array(values):
    """Lists and columns of a table as arrays; arrays and tensors as they are."""
    if isinstance(values, (list, tuple)) or (values is not None and not hasattr(values, "ndim")):
        return np.asarray(values)
    return np.asarray(values) if hasattr(values, "iloc") else values
