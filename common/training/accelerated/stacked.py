"""Stacked students: networks of one architecture trained as one batched network, on GPUs only.

Side by side, each student has its own operations, and small ones leave a GPU idle in between;
stacked, one operation computes all students. `python -m common.benchmark distillation` measures
both.
"""

import numpy as np

from common.backend import hardware, keras, layers, ops
from common.losses import distillation_loss, hard_label_loss
from common.losses.kd import SERIES_TEMPERATURE
from common.side_by_side import SideBySide, correct, innermost

_MIXING = (keras.optimizers.Adafactor, keras.optimizers.Lamb, keras.optimizers.Muon)


def can_stack_seeds(run):
    """Whether a run trains in one stack with runs of other seeds: MLPs on a GPU."""
    mlp = run.model == "mlp" and not {"dropout", "max_norm"} & set(run.options)
    mlp = mlp and run.settings.baseline is None  # labels are classes, of equal weights
    return mlp and run.recipe.augmentation == "none" and hardware.gpu_memory() > 0


def choose(students):
    """`StackedStudents` on a GPU if the students can be stacked, else `SideBySide`.

    Args:
        students: {name: side_by_side.Student}.
    """
    if hardware.gpu_memory() and len(students) > 1 and stackable(students):
        return StackedStudents
    return SideBySide


def stackable(students):
    """Whether all students have one architecture that ends in dense layers.

    Those of multi-hot labels or with class weights are not stacked.

    Args:
        students: {name: side_by_side.Student}.
    """
    if any(s.multi_label or s.class_weights is not None for s in students.values()):
        return False
    keys = [_architecture_key(student.model) for student in students.values()]
    return None not in keys and all(key == keys[0] for key in keys)


class StackedStudents(SideBySide):
    """`SideBySide` that trains all its students as one stack.

    Rounding differs from that of students trained side by side. After a few epochs, small
    networks' weights agree within 1e-4. In wider ones, rounding may flip a ReLU; after hundreds
    of steps weights can differ by 1e-2 and losses by 1e-3 or, later, more.

    The students' own models have their trained weights after `sync_weights`.

    Args:
        students: {name: Student}, `stackable`.
        seed_slices: {name: k}: the student trains on the k-th of the equal slices of each training
            batch, as `Batches` of several seeds concatenates them; by default all train on all.
        options: as in SideBySide.

    Raises:
        ValueError: students that are not `stackable`.
    """

    takes_seed_slices = True  # can train several seeds, each on its slice of a batch

    def __init__(self, students, *arguments, seed_slices=None, **options):
        if not stackable(students):
            raise ValueError("only dense networks of one architecture can be stacked")
        super().__init__(students, *arguments, **options)
        self._members = tuple(self.by_name.values())
        self._slices = None
        if seed_slices is not None:
            self._slices = {name: seed_slices[name] for name in self.by_name}
        chain = self._members[0].layers
        chain = [layer for layer in chain if not isinstance(layer, layers.InputLayer)]
        self._dense = tuple(layer for layer in chain if isinstance(layer, layers.Dense))
        self._first = tuple(layer for layer in chain if not isinstance(layer, layers.Dense))
        weights = zip(*(model.trainable_variables for model in self._members), strict=True)
        self.stacks = [
            keras.Variable(np.stack([np.asarray(one) for one in same]), autocast=False)
            for same in weights
        ]
        for model in self._members:
            model.trainable = False  # until `sync_weights`

    @property
    def state(self):
        """List of variables to checkpoint: stacked weights and optimizer slots."""
        return [*self.stacks, *self.optimizer.variables]

    def compile(self, optimizer="adam", **options):
        """Keras's `compile`; ValueError for what would mix the students of a stack.

        That is clipnorm, and optimizers that take norms or factors of whole weights.
        """
        super().compile(optimizer, **options)
        inner = innermost(self.optimizer)
        if inner.clipnorm:
            raise ValueError("clipnorm would mix the students of a stack: leave it out")
        if isinstance(inner, _MIXING):
            raise ValueError(f"{inner.name} would mix the students of a stack: use Adam or SGD")

    def call(self, images, training=False):
        """{name: (batch, classes) logits}; in training of each student's slice of the batch."""
        stacks, x = iter(self.stacks), images
        for layer in self._first:
            x = layer(x)
        if training and self._slices:
            x = ops.take(self._sliced(x), list(self._slices.values()), axis=0)
        for layer in self._dense:
            x = _dense(layer, x, next(stacks), next(stacks))
        return {name: x[index] for index, name in enumerate(self.by_name)}

    def total_loss(self, logits, targets, training):
        """Sum of the students' losses, as in SideBySide, each step computed in one operation."""
        if not training:
            return super().total_loss(logits, targets, training)
        by_student = [self._targets_of(name, targets) for name in self.by_name]
        stacked_logits = ops.stack([logits[name] for name in self.by_name])
        accurate, shape = self._has_labels(targets), ops.shape(stacked_logits)[:2]
        labels = ops.zeros(shape, "int32")  # not used: all have alpha = 1
        if accurate:
            labels = ops.stack([ops.reshape(each["labels"], (-1,)) for each in by_student])
        losses = self._student_losses(stacked_logits, labels, by_student)
        accuracies, count = ops.mean(correct(stacked_logits, labels), axis=1), ops.shape(labels)[1]
        for index, name in enumerate(self.by_name):
            self.loss_trackers[name].update_state(losses[index], count)
            if accurate:
                self.accuracy_trackers[name].update_state(accuracies[index], count)
        return ops.sum(losses)

    def sync_weights(self):
        """Copy the trained weights into the students' models."""
        for model in self._members:
            model.trainable = True
        for position, stack in enumerate(self.stacks):
            for model, value in zip(self._members, np.asarray(stack), strict=True):
                model.trainable_variables[position].assign(value)

    def _student_losses(self, logits, labels, targets):
        """(students,) losses, as `Student.loss`, each operation for all students at once.

        Args:
            logits: (students, batch, classes).
            labels: (students, batch).
            targets: list of each student's targets.
        """
        students = [student for _, student in self._students]
        weights = np.array([student.distillation.weights for student in students], "float32")
        losses = weights[:, 0] * ops.mean(hard_label_loss(logits, labels), axis=1)
        if not weights[:, 1].any():
            return losses
        teacher_logits = [  # students without a teacher: dummy targets, of weight 0 or ignored
            student.teacher_logits(targets[index]) if student.needs_teacher else logits[index]
            for index, student in enumerate(students)
        ]
        soft_weights = weights[:, 1]
        if any(student.shuffled for student in students):
            count = ops.shape(logits)[1]
            soft_weights = soft_weights * ops.stack(
                [ops.cast(s.has_other_images(count), "float32") for s in students]
            )
        return losses + soft_weights * _method_losses(students, logits, teacher_logits, labels)

    def _targets_of(self, name, targets):
        """A student's slice of a training batch's targets."""
        if not self._slices:
            return targets
        return {key: self._sliced(value)[self._slices[name]] for key, value in targets.items()}

    def _sliced(self, batch):
        """(slices, n, ...) of (slices * n, ...)."""
        return ops.reshape(batch, (1 + max(self._slices.values()), -1, *batch.shape[1:]))


def _method_losses(students, logits, teacher_logits, labels):
    """(students,) losses of each student's method: "kd" of all at once, others one by one."""
    if all(student.method == "kd" for student in students):
        temperatures = np.array([student.temperature for student in students], "float32")
        return ops.mean(_soft_losses(logits, teacher_logits, temperatures), axis=1)
    return ops.stack(
        [
            student.method_loss(logits[index], teacher_logits[index], labels[index])
            for index, student in enumerate(students)
        ]
    )


def _soft_losses(logits, teacher_logits, temperatures):
    """(students, batch) `distillation_loss` of each student at its own temperature.

    T² · KL at T is T² times KL at 1 of logits divided by T.
    """
    if temperatures.max() >= SERIES_TEMPERATURE:  # where float32 needs another formula
        each = enumerate(temperatures.tolist())
        return ops.stack([distillation_loss(logits[i], teacher_logits[i], t) for i, t in each])
    scale = temperatures[:, None, None]
    teacher_logits = ops.cast(ops.stack(teacher_logits), "float32")
    return scale[..., 0] ** 2 * distillation_loss(logits / scale, teacher_logits / scale, 1)


def _dense(layer, x, kernels, biases):
    """(students, batch, units) of x (batch, inputs) or (students, batch, inputs)."""
    x, kernels, biases = (ops.cast(value, layer.compute_dtype) for value in (x, kernels, biases))
    return layer.activation(ops.matmul(x, kernels) + biases[:, None])


def _architecture_key(model):
    """List that is equal for equal architectures; None for models that cannot be stacked."""
    key, dense = [], False
    for layer in model.layers:
        kind = type(layer)
        if dense and kind is not layers.Dense:  # only dense layers after the first
            return None
        dense = kind is layers.Dense
        if kind is layers.Dense and layer.use_bias and not _has_extras(layer):
            key.append((layer.kernel.shape, layer.activation, layer.compute_dtype))
        elif kind in (layers.InputLayer, layers.Normalization, layers.Flatten):
            key.append((kind, layer.output.shape))
        else:
            return None
    return key


def _has_extras(layer):
    """Whether a dense layer has what a stack would lose: regularizers, constraints, frozen."""
    kinds = ("kernel", "bias", "activity")
    names = [f"{kind}_regularizer" for kind in kinds] + ["kernel_constraint", "bias_constraint"]
    return not layer.trainable or any(getattr(layer, name) is not None for name in names)
