"""Students of one architecture as one batched net: a stack of kernels in place of many.

Side by side, each student has its own operations, between which small nets leave a GPU idle;
stacked, one operation does the work of all. `python -m common.benchmark distill` measures both;
only GPUs train so.
"""

import numpy as np

from common import machine
from common.backend import keras, layers, ops
from common.side_by_side import SideBySide


def choose(students):
    """`Stacked` where it pays and can be, else `SideBySide`.

    Args:
        students: {name: side_by_side.Student}.
    """
    if machine.gpu_memory() and len(students) > 1 and stackable(students):
        return Stacked
    return SideBySide


def stackable(students):
    """Whether all are of one architecture, and that a plain chain of dense layers."""
    chains = [_chain(student.model) for student in students.values()]
    return None not in chains and all(chain == chains[0] for chain in chains)


class Stacked(SideBySide):
    """`SideBySide` that trains all its students as one stack.

    Rounding differs from that of students trained alone, by less than 1e-4 after some epochs.
    The students' own models hold their weights only once `settle` was called.

    Args:
        students: {name: Student}, `stackable`.
        options: as for SideBySide.

    Raises:
        ValueError: students that are not `stackable`.
    """

    def __init__(self, students, *arguments, **options):
        if not stackable(students):
            raise ValueError("only dense nets of one architecture can be stacked")
        super().__init__(students, *arguments, **options)
        self._own = tuple(student.model for student in students.values())
        self._chain = tuple(
            layer for layer in self._own[0].layers if not isinstance(layer, layers.InputLayer)
        )
        weights = zip(*(model.trainable_variables for model in self._own), strict=True)
        self.stacks = [
            keras.Variable(np.stack([np.asarray(one) for one in same]), autocast=False)
            for same in weights
        ]
        for model in self._own:
            model.trainable = False  # until `settle`

    @property
    def state(self):
        return [*self.stacks, *self.optimizer.variables]

    def call(self, images, training=False):
        stacks, x = iter(self.stacks), images
        for layer in self._chain:
            if isinstance(layer, layers.Dense):
                x = _dense(layer, x, next(stacks), next(stacks))
            else:
                x = layer(x)
        return {name: x[index] for index, name in enumerate(self.models)}

    def settle(self):
        for model in self._own:
            model.trainable = True
        for position, stack in enumerate(self.stacks):
            for model, value in zip(self._own, np.asarray(stack), strict=True):
                model.trainable_variables[position].assign(value)


def _dense(layer, x, kernels, biases):
    """(students, batch, units) of x (batch, inputs) or (students, batch, inputs)."""
    x, kernels, biases = (ops.cast(value, layer.compute_dtype) for value in (x, kernels, biases))
    return layer.activation(ops.matmul(x, kernels) + biases[:, None])


def _chain(model):
    """What makes two nets one architecture; None for nets that cannot be stacked."""
    chain = []
    for layer in model.layers:
        kind = type(layer)
        if kind is layers.Dense and layer.use_bias and not layer.kernel_constraint:
            chain.append((layer.kernel.shape, layer.activation, layer.compute_dtype))
        elif kind in (layers.InputLayer, layers.Normalization, layers.Flatten):
            chain.append((kind, layer.output.shape))
        else:
            return None
    return chain
