"""Training data in GPU memory: a step receives indices and looks up images and logits itself.

On a GPU, the host's work for each step (cutting out views, reading logits, sending both) takes
longer than a small student's step. With the data on the device, the host sends eight bytes per
example.
"""

import math

import numpy as np

from common.backend import hardware, keras, ops
from common.training.accelerated import multi_step

MEMORY_FRACTION = 0.5  # of the free GPU memory, for the data; the rest is left to training


def place_on_device(students, batches):
    """(model, data) to fit: `OnDeviceModel` and `Indices` if the data fit on a GPU.

    Otherwise the arguments are returned.

    Args:
        students: compiled side_by_side.SideBySide.
        batches: Batches.
    """
    pixels = math.prod(batches.split.images.shape[:3])
    fits = nbytes(batches) <= MEMORY_FRACTION * hardware.gpu_memory()
    if not fits or pixels >= 2**31:  # the limit of `ViewSet.gather`
        return students, batches
    return OnDeviceModel(students, batches), Indices(batches)


def nbytes(batches):
    """Bytes of images, labels and logits of all views."""
    arrays = [batches.split.images, batches.split.labels, *_distinct_logits(batches).values()]
    return sum(np.asarray(array).nbytes for array in arrays)


class Indices(keras.utils.PyDataset):
    """`Batches` as indices, with which a training step looks up images and logits.

    Args:
        batches: Batches.

    Yields:
        {"indices": int32 (batch, 2)}: each example's row of the split and view slot; if the recipe
        has an augmentation, also its parameters as "augmentation".
    """

    def __init__(self, batches):
        super().__init__()
        self.batches = batches

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        rows, view_slots, *parameters = self.batches.indices(index)
        batch = {"indices": np.stack([rows, view_slots], axis=1).astype("int32")}
        if self.batches.augmentation:
            (batch["augmentation"],) = parameters
        return (batch,)


class OnDeviceModel(multi_step.MultiStepModel):
    """`SideBySide` that trains on `Indices`, with its data in variables, to the same weights.

    It shares the students and their optimizer, and validates on images and targets, as
    `SideBySide` does.

    Args:
        students: compiled SideBySide.
        batches: Batches; the data of its split and targets are copied to the device.
    """

    def __init__(self, students, batches):
        super().__init__(name="on_device")
        self.students, self.views = students, batches.views
        self.augmentation = batches.augmentation
        self.images = _as_variable(batches.split.images)
        self.labels = _as_variable(batches.split.labels)
        self.subset = None if batches.subset is None else _as_variable(batches.subset)
        logits = {key: _as_variable(array) for key, array in _distinct_logits(batches).items()}
        self.logits = {name: logits[id(t.logits)] for name, t in batches.targets.items()}
        self.rows = {name: _as_variable(np.int32(t.rows)) for name, t in batches.targets.items()}
        self.columns = {
            name: _as_variable(np.int32(targets.columns))
            for name, targets in batches.targets.items()
            if targets.columns is not None
        }
        self.built = True
        self.compile(
            students.optimizer,
            jit_compile=students.jit_compile,
            steps_per_execution=multi_step.choose_steps_per_dispatch(len(batches)),
        )

    @property
    def models(self):
        """{name: model} of the students, as in `SideBySide`."""
        return self.students.models

    @property
    def state(self):
        """The students' variables, as in `SideBySide`, without the data."""
        return self.students.state

    @property
    def non_trainable_variables(self):
        """Keras's list, and the online teachers' variables, as in `SideBySide`."""
        mine = super().non_trainable_variables
        known = {id(variable) for variable in mine}
        return mine + [v for v in self.students.non_trainable_variables if id(v) not in known]

    def save_weights(self, *arguments, **options):
        """Save the students' weights, without the data."""
        return self.students.save_weights(*arguments, **options)

    def load_weights(self, *arguments, **options):
        """Load the students' weights."""
        return self.students.load_weights(*arguments, **options)

    def get_weights(self):
        """List of the students' weights."""
        return self.students.get_weights()

    def set_weights(self, weights):
        """Set the students' weights."""
        self.students.set_weights(weights)

    @property
    def metrics(self):
        """Keras's metrics and the students' trackers."""
        trackers = (self.students.loss_trackers, self.students.accuracy_trackers)
        return [*super().metrics, *(metric for kind in trackers for metric in kind.values())]

    def get_metrics_result(self):
        """Keras's results, without accuracies where there are no labels, as in `SideBySide`."""
        return self.students.without_missing(super().get_metrics_result())

    def call(self, x, training=False):
        """{name: logits} of a batch of `Indices`, or of images."""
        return self.students(self._images(x) if isinstance(x, dict) else x, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The students' loss, of a batch of `Indices` or of images and targets."""
        if isinstance(x, dict):
            x, y = self._images(x), self._targets(x)  # the compiler merges this with `call`'s
        total = self.students.objective(x, y, y_pred, sample_weight, training)
        return total + sum(ops.sum(ops.cast(loss, "float32")) for loss in self.losses)

    def _images(self, batch):
        row, view = batch["indices"][:, 0], batch["indices"][:, 1]
        if self.subset is not None:
            index = row * self.subset.shape[1] + view
            view = ops.cast(ops.take(ops.reshape(self.subset, -1), index), "int32")
        images = self.views.gather(self.images, row, view)
        if self.augmentation:
            images = self.augmentation.apply(images, batch["augmentation"])
        return images

    def _targets(self, batch):
        row, view_slot = batch["indices"][:, 0], batch["indices"][:, 1]
        targets = {"labels": ops.take(self.labels, row, axis=0)}
        for name, logits in self.logits.items():
            _, views, classes = logits.shape
            index = ops.take(self.rows[name], row) * views + view_slot
            taken = ops.take(ops.reshape(logits, (-1, classes)), index, axis=0)
            if name in self.columns:
                order = ops.take(self.columns[name], row, axis=0)
                taken = ops.take_along_axis(taken, order, axis=-1)
            targets[name] = ops.cast(taken, "float32")
        return targets


def _distinct_logits(batches):
    """{id: logits}; a distilled student and its shuffled control share one array."""
    return {id(targets.logits): targets.logits for targets in batches.targets.values()}


def _as_variable(array):
    """The array as a variable; a plain array would become a constant of the compiled step."""
    return keras.Variable(array, dtype=array.dtype.name, trainable=False, autocast=False)
