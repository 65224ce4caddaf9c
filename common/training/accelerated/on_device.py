"""Training data kept on the device: a step is sent indices and looks up all else itself.

On a GPU, what the host does for each step (cutting out views, reading logits, sending both)
costs more than a small student's step; here it sends eight bytes an example.
"""

import math

import numpy as np

from common.backend import hardware, keras, ops
from common.training.accelerated import multi_step

MEMORY_FRACTION = 0.5  # of the free memory that the data may take; the rest is for training


def place_on_device(students, batches):
    """What to fit on what: `Resident` and its `Indices` on a GPU where the data fit, else as given.

    Args:
        students: compiled side_by_side.SideBySide.
        batches: Batches.
    """
    pixels = math.prod(batches.split.images.shape[:3])
    if (
        nbytes(batches) > MEMORY_FRACTION * hardware.gpu_memory() or pixels >= 2**31
    ):  # as `ViewSet.gather`
        return students, batches
    return OnDeviceModel(students, batches), Indices(batches)


def nbytes(batches):
    """Bytes of images, labels and logits of all views."""
    arrays = [batches.split.images, batches.split.labels, *_distinct(batches).values()]
    return sum(np.asarray(array).nbytes for array in arrays)


class Indices(keras.utils.PyDataset):
    """`Batches` as what a step needs to look them up.

    Args:
        batches: Batches.

    Yields:
        {"indices": int32 (batch, 2)}: for each example its row of the split and its view's slot;
        with what was drawn for it where the recipe has an augmentation.
    """

    def __init__(self, batches):
        super().__init__()
        self.batches = batches

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        rows, slots, *drawn = self.batches.indices(index)
        sent = {"indices": np.stack([rows, slots], axis=1).astype("int32")}
        if self.batches.augmentation:
            (sent["augmentation"],) = drawn
        return (sent,)


class OnDeviceModel(multi_step.MultiStepModel):
    """`SideBySide` that trains on `Indices`, its data in variables, to the same weights.

    Shares the students and their optimizer; validates on images and targets, as `SideBySide`.

    Args:
        students: compiled SideBySide.
        batches: Batches; what its split and targets hold is copied to the device.
    """

    def __init__(self, students, batches):
        super().__init__(name="resident")
        self.students, self.views = students, batches.views
        self.augmentation = batches.augmentation
        self.images, self.labels = (
            _as_variable(batches.split.images),
            _as_variable(batches.split.labels),
        )
        self.subset = None if batches.subset is None else _as_variable(batches.subset)
        held = {key: _as_variable(logits) for key, logits in _distinct(batches).items()}
        self.logits = {name: held[id(t.logits)] for name, t in batches.targets.items()}
        self.rows = {name: _as_variable(np.int32(t.rows)) for name, t in batches.targets.items()}
        self.built = True
        self.compile(
            students.optimizer,
            jit_compile=students.jit_compile,
            steps_per_execution=multi_step.choose_steps_per_dispatch(len(batches)),
        )

    @property
    def models(self):
        """{name: model} of the students, as of `SideBySide`."""
        return self.students.models

    @property
    def state(self):
        """The students', as of `SideBySide`; the data are no part of it."""
        return self.students.state

    def save_weights(self, *arguments, **options):
        """The students' alone: the data are as large as the data set."""
        return self.students.save_weights(*arguments, **options)

    def load_weights(self, *arguments, **options):
        return self.students.load_weights(*arguments, **options)

    def get_weights(self):
        return self.students.get_weights()

    def set_weights(self, weights):
        self.students.set_weights(weights)

    @property
    def metrics(self):
        own = (self.students.loss_trackers, self.students.accuracy_trackers)
        return [*super().metrics, *(metric for kind in own for metric in kind.values())]

    def call(self, x, training=False):
        return self.students(self._images(x) if isinstance(x, dict) else x, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        if isinstance(x, dict):
            x, y = self._images(x), self._targets(x)  # one computation with `call`'s, once compiled
        return self.students.compute_loss(x, y, y_pred, sample_weight, training)

    def _images(self, sent):
        row, view = sent["indices"][:, 0], sent["indices"][:, 1]
        if self.subset is not None:
            places = row * self.subset.shape[1] + view
            view = ops.cast(ops.take(ops.reshape(self.subset, -1), places), "int32")
        images = self.views.gather(self.images, row, view)
        return (
            self.augmentation.apply(images, sent["augmentation"]) if self.augmentation else images
        )

    def _targets(self, sent):
        row, slot = sent["indices"][:, 0], sent["indices"][:, 1]
        targets = {"labels": ops.take(self.labels, row)}
        for name, logits in self.logits.items():
            _, views, classes = logits.shape
            places = ops.take(self.rows[name], row) * views + slot
            found = ops.take(ops.reshape(logits, (-1, classes)), places, axis=0)
            targets[name] = ops.cast(found, "float32")
        return targets


def _distinct(batches):
    """{id: logits}: a distilled student and its control learn from one array."""
    return {id(targets.logits): targets.logits for targets in batches.targets.values()}


def _as_variable(array):
    """The array as a variable: closed over, it would become a constant of the compiled step."""
    return keras.Variable(array, dtype=array.dtype.name, trainable=False, autocast=False)
