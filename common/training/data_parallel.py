"""Data parallelism: every training batch is divided among all devices, by Keras under JAX."""

import contextlib

from common.backend import keras


def devices():
    """Number of devices that a training can be distributed to.

    Raises:
        ValueError: the backend is not JAX, or it has a single device.
    """
    backend = keras.config.backend()
    if backend != "jax":
        raise ValueError(
            f"data parallelism needs JAX, but the backend is {backend}: set KERAS_BACKEND=jax"
        )
    if (count := len(keras.distribution.list_devices())) < 2:
        raise ValueError("data parallelism needs several devices, JAX has one: leave it out")
    return count


@contextlib.contextmanager
def distributed(batch_size):
    """Context in which models are built, and trained on all devices.

    Gradients and the statistics of batch normalization are those of the whole batch, up to
    rounding. Batches of other sizes, as in validation, are computed on each device.

    Args:
        batch_size: images in a training batch.

    Raises:
        ValueError: as `devices`; a batch that they do not divide evenly.
    """
    if batch_size % (count := devices()):
        raise ValueError(f"{count} devices do not divide batches of {batch_size} images evenly")
    with _DataParallel(batch_size).scope():
        yield


def is_active():
    """Whether a context of `distributed` is entered."""
    return keras.distribution.distribution() is not None


class _DataParallel(keras.distribution.DataParallel):
    """Keras's, but with batches of other sizes than `batch_size` copied to each device.

    Keras would fail at a last, smaller batch that the devices do not divide.
    """

    def __init__(self, batch_size):
        super().__init__()
        self.batch_size = batch_size

    def get_data_layout(self, shape):
        """Layout of an array of a batch."""
        if shape[0] == self.batch_size:
            return super().get_data_layout(shape)
        return keras.distribution.TensorLayout([None] * len(shape), self.device_mesh)
