"""Batches for Keras's `fit`, `evaluate` and `predict`, without tf.data's autotuning.

With autotuning, each pass over data under TensorFlow ends by waiting for the autotuning thread,
which sleeps for a time that doubles from 10 ms on. The wait may take half of a one-second epoch.
"""

from common.backend import keras
from common.utils.progress_bar import progress_bar

BATCH_SIZE = 500  # of evaluation and prediction
PREFETCH = 2  # batches prepared while a step runs


class SequentialBatches(keras.utils.PyDataset):
    """Batches of `BATCH_SIZE` rows in order, the last one smaller, for validation and `predict`.

    Args:
        arrays: an array (n, ...), or a structure of arrays with equally many rows; n > 0.
    """

    def __init__(self, arrays):
        super().__init__()
        self.arrays = arrays

    def __len__(self):
        return -(-len(keras.tree.flatten(self.arrays)[0]) // BATCH_SIZE)

    def __getitem__(self, index):
        rows = slice(index * BATCH_SIZE, (index + 1) * BATCH_SIZE)
        return keras.tree.map_structure(lambda array: array[rows], self.arrays)


def to_tf_dataset(data):
    """The data set that Keras iterates over fastest, with the batches of `data` unchanged.

    Args:
        data: keras.utils.PyDataset of at least one batch; batches share one structure but may
            differ in size.

    Returns:
        Under TensorFlow a tf.data.Dataset without autotuning: each pass reads all batches of
        `data` again, in order, in another thread; its `first_batch()` reads the first. Under other
        backends `data`.
    """
    if keras.config.backend() != "tensorflow":
        return data
    import tensorflow as tf

    def spec(array):
        return tf.TensorSpec((None, *array.shape[1:]), array.dtype)

    signature = keras.tree.map_structure(spec, data[0])
    batches = tf.data.Dataset.from_generator(
        lambda: (data[index] for index in range(len(data))), output_signature=signature
    )
    batches = batches.apply(tf.data.experimental.assert_cardinality(len(data))).prefetch(PREFETCH)
    options = tf.data.Options()
    options.autotune.enabled = False
    batches = batches.with_options(options)
    batches.first_batch = lambda: data[0]  # a pass of its own would start threads to read it
    return batches


def predict_logits(model, images, title=None):
    """Predictions of `model` for images uint8 (n, h, w, c), in order, as `predict` returns them.

    Args:
        title: of a progress bar, shown if this takes more than five seconds; None for no bar.
    """
    batches = to_tf_dataset(SequentialBatches(images))
    if title is None:
        return model.predict(batches, verbose=0)
    with progress_bar(len(images), title, "images", delay=5) as bar:
        return model.predict(batches, verbose=0, callbacks=[_Progress(bar)])


class _Progress(keras.callbacks.Callback):
    def __init__(self, bar):
        super().__init__()
        self.bar = bar

    def on_predict_batch_end(self, batch, logs=None):
        self.bar.update(min(BATCH_SIZE, self.bar.total - self.bar.n))
