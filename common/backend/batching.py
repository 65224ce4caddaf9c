"""What `fit`, `evaluate` and `predict` are fed with: batches, without tf.data's tuner.

Under TensorFlow each pass over data ends by waiting for a thread that tunes their pipeline and
sleeps for a time that doubles from 10 ms on: half of an epoch of a second may be that wait.
"""

from common.backend import keras

BATCH_SIZE = 500  # where nothing is trained
PREFETCH = 2  # batches made while a step runs


class SequentialBatches(keras.utils.PyDataset):
    """Batches of 500 rows from first to last, the last one smaller, for validation and `predict`.

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
    """`data`, a PyDataset, as Keras passes over it fastest; the batches are the same.

    Args:
        data: keras.utils.PyDataset of one batch or more, all of one structure; they may differ in
            their number of examples.

    Returns:
        Under TensorFlow a tf.data.Dataset that is not tuned: each pass asks for all batches anew,
        one after another in another thread. Under others `data`.
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
    return batches.with_options(options)


def predict_logits(model, images):
    """What `model` gives for images uint8 (n, h, w, c), as `predict` returns it."""
    return model.predict(to_tf_dataset(SequentialBatches(images)), verbose=0)
