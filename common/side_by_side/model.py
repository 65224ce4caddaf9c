"""SideBySide: any number of students as one Keras model, each with its own loss."""

from common.backend import keras, ops
from common.models.validation import require_models
from common.side_by_side.checked_inputs import CheckedInputs
from common.side_by_side.input_checks import InputChecks
from common.side_by_side.student import Student
from common.side_by_side.weight_files import NamedWeights


class SideBySide(CheckedInputs, NamedWeights):
    """N students as one Keras model; they share batches and nothing else.

        both = SideBySide({"baseline": Student(a, 1, 0), "distilled": Student(b, 4, 0.9)})
        both.compile(keras.optimizers.Adam())
        both.fit(images, {"labels": labels, "teacher": teacher_logits})

    The history holds `<name>_loss` and `<name>_accuracy` of each student. The loss is the
    sum of the students', so that each gets the gradient it would get alone, with the students'
    own regularizers and `add_loss`, which, as the weight decay, `<name>_loss` leaves out.
    Optimizers that mix variables (a global norm) are refused by `compile`.

    Args:
        students: {name: Student}, with equal input shapes and numbers of classes.
        teacher: a model that computes `teacher`'s logits in every step, in inference mode, on
            the batch of the students, or {name: model} of several; logits among the targets
            take precedence. None: all logits come with the targets.
        weight_decay: λ; adds λ/2 · Σw² over all trainable weights, as PyTorch's SGD does.
        augment: function (images, parameters) -> images, applied to each training batch; its
            targets bring the parameters as `augmentation`.

    Raises:
        ValueError: no student; students or teacher that differ in images or classes, share a
            model or end in a softmax; in `fit`, labels or logits that do not fit them, or
            sample_weight or class_weight.
    """

    def __init__(self, students, teacher=None, *, weight_decay=0.0, augment=None):
        teachers = {} if teacher is None else {"teacher": teacher}
        teachers = teacher if isinstance(teacher, dict) else teachers
        _require_students(students)
        require_models({name: s.model for name, s in students.items()}, teachers)
        super().__init__(name="side_by_side")
        self._students = tuple(sorted(students.items()))
        # Variables are in the order of names, so that files of weights are, optimizer's included;
        # Keras visits this attribute, whose name comes first, before `models`.
        self.by_name = {name: student.model for name, student in self._students}
        self.models = {name: student.model for name, student in students.items()}
        # closures: Keras would train and save models with the students
        self._online_teachers = tuple((name, _frozen(model)) for name, model in teachers.items())
        self._teachers = lambda: teachers
        checks = InputChecks(students, teachers, augment is not None)
        self._checks = lambda: checks
        self._weight_decay, self._augment, self._accurate = weight_decay, augment, True
        self.loss_trackers = {name: keras.metrics.Mean(f"{name}_loss") for name in students}
        self.accuracy_trackers = {name: keras.metrics.Mean(f"{name}_accuracy") for name in students}
        # as the students are: weights can be loaded before `fit`
        self.built = all(model.built for model in self.models.values())

    @property
    def state(self):
        """List of variables to checkpoint: weights, dropout seeds and optimizer slots, in order."""
        students = [v for model in self.models.values() for v in model.variables]
        return students + list(self.optimizer.variables)

    @property
    def non_trainable_variables(self):
        """Keras's list, and the online teachers' variables.

        JAX compiles whatever is not in such a list as a constant: the step would not know that a
        teacher's weights changed.
        """
        teachers = [v for model in self._teachers().values() for v in model.variables]
        return super().non_trainable_variables + teachers

    def sync_weights(self):
        """Copy trained weights into the students' models: a no-op here, not in StackedStudents."""

    def compile(self, optimizer="adam", **options):
        """Keras's `compile`.

        Raises:
            ValueError: global_clipnorm, or float16's loss scaling of several students, which would
                mix them.
        """
        super().compile(optimizer, **options)
        if innermost(self.optimizer).global_clipnorm:
            raise ValueError("global_clipnorm would mix the students: use clipnorm or none")
        if innermost(self.optimizer) is not self.optimizer and len(self.models) > 1:
            raise ValueError(
                "float16's loss scaling would mix the students, for where one overflows, all skip "
                "the step: use mixed_bfloat16, which needs none, or compile(auto_scale_loss=False)"
            )

    def train_step(self, *state_and_data):
        """Keras's `train_step` on the augmented batch."""
        *state, data = state_and_data  # only JAX passes a state
        if self._augment:
            images, targets, _ = keras.utils.unpack_x_y_sample_weight(data)
            targets = dict(targets)
            data = (self._augment(images, targets.pop("augmentation")), targets)
        return super().train_step(*state, data)

    def call(self, images, training=False):
        """{name: (batch, classes) logits} of images (batch, h, w, c)."""
        return {name: model(images, training=training) for name, model in self.models.items()}

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Sum of the students' losses, their regularizers and, in training, the weight decay."""
        total = self.objective(x, y, y_pred, sample_weight, training)
        return total + sum(ops.sum(ops.cast(loss, "float32")) for loss in self.losses)

    def objective(self, x, y, y_pred, sample_weight, training):
        """`compute_loss` without the students' own regularizers and `add_loss`."""
        if sample_weight is not None:
            raise ValueError(
                "students side by side take no sample_weight or class_weight: pass class_weights "
                "to Student"
            )
        targets = y if isinstance(y, dict) else {"labels": y}
        targets = targets | {
            name: predict(x) for name, predict in self._online_teachers if name not in targets
        }
        total = self.total_loss(y_pred, targets, training)
        return total + self._decay() if training and self._weight_decay else total

    def total_loss(self, logits, targets, training):
        """Sum of the students' losses; also updates each student's loss and accuracy trackers.

        Args:
            logits: {name: (batch, classes)}.
            targets: labels and teachers' logits, as in `Student.loss`.
            training: whether this is a training batch, not one of validation.
        """
        total = 0.0
        for name, student in self._students:
            loss = student.loss(logits[name], targets)
            self.loss_trackers[name].update_state(loss, ops.shape(logits[name])[0])
            if self._has_labels(targets):
                hits = correct(logits[name], targets["labels"], student.multi_label)
                self.accuracy_trackers[name].update_state(hits)
            total += loss
        return total

    def _has_labels(self, targets):
        """Whether the targets of the step that is traced have labels, without which no accuracy."""
        self._accurate = targets.get("labels") is not None
        return self._accurate

    def get_metrics_result(self):
        """Keras's results, without accuracies where there are no labels."""
        return self.without_missing(super().get_metrics_result())

    def without_missing(self, results):
        """The results of metrics without accuracies, if the last step had no labels."""
        hidden = () if self._accurate else [t.name for t in self.accuracy_trackers.values()]
        return {name: value for name, value in results.items() if name not in hidden}

    def _decay(self):
        squares = [ops.sum(ops.square(weight)) for weight in self.trainable_variables]
        return self._weight_decay / 2 * sum(squares)


def _require_students(students):
    """Raise ValueError unless `students` is {name: Student}."""
    named = isinstance(students, dict) and all(isinstance(name, str) for name in students)
    wrong = [v for v in students.values() if not isinstance(v, Student)] if named else [students]
    if wrong:
        raise ValueError(
            "students are {name: Student(model, temperature, alpha)}, got a "
            f"{type(wrong[0]).__name__}"
        )


def correct(logits, labels, multi_label=False):
    """(..., batch) float32: 1 where the largest of logits (..., batch, classes) is the label's.

    Of multi-hot labels, 1 where logits are above 0 at exactly the image's classes.
    """
    if multi_label:
        labels = ops.cast(ops.reshape(labels, ops.shape(logits)), "bool")
        return ops.cast(ops.all((logits > 0) == labels, axis=-1), "float32")
    predicted = ops.argmax(logits, axis=-1)
    labels = ops.cast(ops.reshape(labels, ops.shape(predicted)), predicted.dtype)
    return ops.cast(predicted == labels, "float32")


def innermost(optimizer):
    """The optimizer that a LossScaleOptimizer wraps, which has clipnorm and the like."""
    while isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        optimizer = optimizer.inner_optimizer
    return optimizer


def _frozen(teacher):
    """Function images -> logits in inference mode, without gradient."""
    return lambda images: ops.stop_gradient(teacher(images, training=False))
