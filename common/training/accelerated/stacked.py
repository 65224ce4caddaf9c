"""Students of one architecture as one batched net: a stack of kernels in place of many.

Side by side, each student has its own operations, between which small nets leave a GPU idle;
stacked, one operation does the work of all. `python -m common.benchmark distill` measures both;
only GPUs train so.
"""

import numpy as np

from common.backend import hardware, keras, layers, ops
from common.losses import distillation_loss, hard_label_loss
from common.losses.kd import SERIES_TEMPERATURE
from common.side_by_side import SideBySide, correct


def can_stack_seeds(run):
    """Whether a run trains in one stack with those of other seeds: dense nets on a GPU."""
    plain = run.model == "mlp" and not {"dropout", "max_norm"} & set(run.options)
    return plain and run.recipe.augmentation == "none" and hardware.gpu_memory() > 0


def choose(students):
    """`StackedStudents` where it pays and can be, else `SideBySide`.

    Args:
        students: {name: side_by_side.Student}.
    """
    if hardware.gpu_memory() and len(students) > 1 and stackable(students):
        return StackedStudents
    return SideBySide


def stackable(students):
    """Whether all are of one architecture, and that a plain chain of dense layers."""
    chains = [_architecture_key(student.model) for student in students.values()]
    return None not in chains and all(chain == chains[0] for chain in chains)


class StackedStudents(SideBySide):
    """`SideBySide` that trains all its students as one stack.

    Rounding differs from that of students trained alone. Small nets' weights are within 1e-4 after
    some epochs; over hundreds of steps of wider ones a ReLU that rounding flips may let a weight
    go 1e-2 astray, and losses by 1e-3 or, later, more.

    The students' own models hold their weights only once `settle` was called.

    Args:
        students: {name: Student}, `stackable`.
        parts: {name: k}: a student sees the k-th of the equal parts of each training batch, as
            `Batches` of several seeds holds them; by default all see all of it.
        options: as for SideBySide.

    Raises:
        ValueError: students that are not `stackable`.
    """

    takes_parts = True  # trains several seeds, each on its part of a batch

    def __init__(self, students, *arguments, parts=None, **options):
        if not stackable(students):
            raise ValueError("only dense nets of one architecture can be stacked")
        super().__init__(students, *arguments, **options)
        self._own = tuple(student.model for student in students.values())
        self._part = None if parts is None else {name: parts[name] for name in students}
        own = [layer for layer in self._own[0].layers if not isinstance(layer, layers.InputLayer)]
        self._dense = tuple(layer for layer in own if isinstance(layer, layers.Dense))
        self._first = tuple(layer for layer in own if not isinstance(layer, layers.Dense))
        weights = zip(*(model.trainable_variables for model in self._own), strict=True)
        self.stacks = [
            keras.Variable(np.stack([np.asarray(one) for one in same]), autocast=False)
            for same in weights
        ]
        for model in self._own:
            model.trainable = False  # until `settle`

    def compile(self, optimizer="adam", **options):
        super().compile(optimizer, **options)
        if self.optimizer.clipnorm:
            raise ValueError("clipnorm would mix the students of a stack: leave it out")

    @property
    def state(self):
        return [*self.stacks, *self.optimizer.variables]

    def call(self, images, training=False):
        stacks, x = iter(self.stacks), images
        for layer in self._first:
            x = layer(x)
        if training and self._part:
            x = ops.take(self._parted(x), list(self._part.values()), axis=0)
        for layer in self._dense:
            x = _dense(layer, x, next(stacks), next(stacks))
        return {name: x[index] for index, name in enumerate(self.models)}

    def total_loss(self, logits, targets, training):
        if not training:
            return super().total_loss(logits, targets, training)
        own = [self._targets_of(name, targets) for name in logits]
        together = ops.stack(list(logits.values()))
        labels = ops.stack([ops.reshape(each["labels"], (-1,)) for each in own])
        losses, count = self._loss_of_each(together, labels, own), ops.shape(labels)[1]
        accuracies = ops.mean(correct(together, labels), axis=1)
        for place, name in enumerate(logits):
            self.loss_trackers[name].update_state(losses[place], count)
            self.accuracy_trackers[name].update_state(accuracies[place], count)
        return ops.sum(losses)

    def _loss_of_each(self, logits, labels, targets):
        """(students,) what `Student.loss` gives, each operation for all of them at once.

        Args:
            logits: (students, batch, classes).
            labels: (students, batch).
            targets: list of each student's own.
        """
        students = [student for _, student in self._students]
        alpha = np.array([student.alpha for student in students], "float32")
        losses = (1 - alpha) * ops.mean(hard_label_loss(logits, labels), axis=1)
        if not alpha.any():
            return losses
        told = [  # on labels alone its own logits, of which there is nothing to learn
            student.teacher_logits(targets[place]) if student.alpha else logits[place]
            for place, student in enumerate(students)
        ]
        temperatures = np.array([student.temperature for student in students], "float32")
        return losses + alpha * ops.mean(_soft_losses(logits, told, temperatures), axis=1)

    def _targets_of(self, name, targets):
        """What of a training batch's targets a student learns from."""
        if not self._part:
            return targets
        return {key: self._parted(value)[self._part[name]] for key, value in targets.items()}

    def _parted(self, batch):
        """(parts, n, ...) of (parts * n, ...)."""
        return ops.reshape(batch, (1 + max(self._part.values()), -1, *batch.shape[1:]))

    def sync_weights(self):
        for model in self._own:
            model.trainable = True
        for position, stack in enumerate(self.stacks):
            for model, value in zip(self._own, np.asarray(stack), strict=True):
                model.trainable_variables[position].assign(value)


def _soft_losses(logits, told, temperatures):
    """(students, batch) `distillation_loss` of each student at its own temperature.

    T² · KL at T is T² times KL at 1 of logits divided by T.
    """
    if temperatures.max() >= SERIES_TEMPERATURE:  # where float32 wants another formula
        each = enumerate(temperatures.tolist())
        return ops.stack([distillation_loss(logits[i], told[i], t) for i, t in each])
    scale = temperatures[:, None, None]
    told = ops.cast(ops.stack(told), "float32")
    return scale[..., 0] ** 2 * distillation_loss(logits / scale, told / scale, 1)


def _dense(layer, x, kernels, biases):
    """(students, batch, units) of x (batch, inputs) or (students, batch, inputs)."""
    x, kernels, biases = (ops.cast(value, layer.compute_dtype) for value in (x, kernels, biases))
    return layer.activation(ops.matmul(x, kernels) + biases[:, None])


def _architecture_key(model):
    """What makes two nets one architecture; None for nets that cannot be stacked."""
    chain, dense = [], False
    for layer in model.layers:
        kind = type(layer)
        if dense and kind is not layers.Dense:  # the stack begins at the first
            return None
        dense = kind is layers.Dense
        if kind is layers.Dense and layer.use_bias and not layer.kernel_constraint:
            chain.append((layer.kernel.shape, layer.activation, layer.compute_dtype))
        elif kind in (layers.InputLayer, layers.Normalization, layers.Flatten):
            chain.append((kind, layer.output.shape))
        else:
            return None
    return chain
