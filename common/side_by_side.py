"""Side-by-side training: any number of students in one `fit`, each with its own loss.

May import `utils`, `backend`, `losses`, `distillation` and `models`.
"""

import dataclasses
import inspect

from common.backend import keras, ops
from common.distillation import Distillation
from common.losses import LOSSES, hard_label_loss, require_method
from common.models.input_checks import InputChecks
from common.models.validation import require_models
from common.utils import weight_files

_FIT = inspect.signature(keras.Model.fit)


@dataclasses.dataclass(frozen=True)
class Student:
    """A model and its objective: hard_weight · hard-label loss + soft_weight · method's loss.

    Args:
        model: images (batch, h, w, c) -> logits (batch, classes).
        temperature: T > 0 of the soft targets; "kd" multiplies their loss by T².
        alpha: weight of the method's loss, in [0, 1], with 1 - alpha for the hard-label loss; 0 is
            a baseline on labels only. May be None if one of the weights is given.
        teacher: name of the teacher's logits among the training targets.
        shuffled: learn from the logits of the batch's next image: a control. `fit` refuses what
            would be none: batches of one image, which teach nothing even where it cannot see
            them, and images in the order of their classes, which it sees in arrays (all), a
            PyDataset (first and last batch) and other data sets (first batch).
        method: a name in `losses.LOSSES`.
        hard_weight, soft_weight: in place of 1 - alpha and alpha, or, without alpha, of 1.
        options: {name: number} of keyword arguments of the method, such as {"beta": 8} of "dkd".

    Attributes:
        distillation: all settings but model and teacher, as a `Distillation`.

    Raises:
        ValueError: as `Distillation`; an unknown method, option or an option's value below 0.
    """

    model: keras.Model
    temperature: float
    alpha: float | None = None
    teacher: str = "teacher"
    shuffled: bool = False
    method: str = "kd"
    hard_weight: float | None = None
    soft_weight: float | None = None
    options: dict = dataclasses.field(default_factory=dict)
    distillation: Distillation = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self):
        require_method(self.method, self.options)
        settings = Distillation(
            self.temperature,
            self.alpha,
            self.method,
            "shuffled" if self.shuffled else None,
            self.hard_weight,
            self.soft_weight,
            self.options,
        )
        object.__setattr__(self, "distillation", settings)

    def loss(self, logits, targets):
        """Mean loss of a batch, a scalar float32 in nats.

        Args:
            logits: (batch, classes) floats of the student.
            targets: dict with `labels` (batch,), if the hard-label loss has a weight or the method
                uses them, and, if it needs them, the teacher's logits.

        Raises:
            ValueError: labels or teacher's logits that are needed and not among the targets, or
                logits of another shape.
        """
        total, labels = 0.0, targets.get("labels")
        hard_weight, soft_weight = self.distillation.weights
        if hard_weight > 0:
            if labels is None:
                raise ValueError("the hard-label loss needs labels: set its weight to 0 (alpha=1)")
            total += hard_weight * ops.mean(hard_label_loss(logits, labels))
        if soft_weight > 0:
            teacher_logits = self.teacher_logits(targets) if self.needs_teacher else None
            weight = soft_weight * self.has_other_images(ops.shape(logits)[0])
            total += weight * self.method_loss(logits, teacher_logits, labels)
        return total

    @property
    def needs_teacher(self):
        """Whether the loss reads the teacher's logits."""
        return self.distillation.needs_teacher

    def method_loss(self, logits, teacher_logits, labels):
        """The method's loss of a batch, scalar float32, without its weight."""
        method = LOSSES[self.method]
        return method(logits, teacher_logits, labels, self.temperature, **self.options)

    def has_other_images(self, count):
        """1, or 0 if it is shuffled and in a batch of `count` = 1 image, which has no other."""
        return ops.cast(count > 1, "float32") if self.shuffled else 1

    def teacher_logits(self, targets):
        """(batch, classes) logits that the student learns from, rolled by one row if shuffled."""
        if self.teacher not in targets:
            raise ValueError(f"no logits of {self.teacher!r} among the targets {[*targets]}")
        logits = targets[self.teacher]
        return ops.roll(logits, 1, axis=0) if self.shuffled else logits


class SideBySide(keras.Model):
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
            model or end in a softmax; in `fit`, labels or logits that do not fit them.
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
        self._checks = lambda: InputChecks(students, teachers, augment is not None)
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

    def fit(self, x=None, y=None, *settings, **options):
        """Keras's `fit`, once images and targets are checked.

        Raises:
            ValueError: labels that are no classes, missing or misshapen logits of a teacher,
                probabilities in their place, images of another scale than the students'; a
                control that would be none.
        """
        options = _FIT.bind(self, x, y, *settings, **options).arguments
        del options["self"]
        settings = {"batch_size": None, "shuffle": True} | options
        checks, sizes = self._checks(), {key: settings[key] for key in ("batch_size", "shuffle")}
        inputs = checks.training(x, options.get("y"), **sizes)
        if options.get("validation_data") is not None:
            options["validation_data"] = checks.validation(options["validation_data"])
        self.built = True  # the checks built what was not
        return super().fit(**options | {"x": inputs.x, "y": inputs.y})

    def evaluate(self, x=None, y=None, *settings, **options):
        """Keras's `evaluate`; ValueError as `fit`."""
        if not options.get("_use_cached_eval_dataset"):  # `fit`'s own, which it has checked
            inputs = self._checks().checked(x, y)
            x, y, self.built = inputs.x, inputs.y, True
        return super().evaluate(x, y, *settings, **options)

    def predict(self, x, *settings, **options):
        """Keras's `predict`; a warning for images of another scale than the students'."""
        if hasattr(x, "shape"):
            self._checks().check_pixels(x, error=False)
        return super().predict(x, *settings, **options)

    def save_own_variables(self, store):
        """Write the students' names into a file of weights, besides what Keras writes."""
        super().save_own_variables(store)
        weight_files.write_names(store, self.models)

    def load_own_variables(self, store):
        """Read what `save_own_variables` wrote; `load_weights` has checked the names."""
        own = {key: store[key] for key in store.keys() if key != weight_files.KEY}  # noqa: SIM118
        super().load_own_variables(own)

    def load_weights(self, filepath, **options):
        """Keras's `load_weights`, each student's by its name, in whichever order they are.

        Raises:
            ValueError: a file of other students, which are named.
        """
        weight_files.require_names(filepath, self.models)
        super().load_weights(filepath, **options)

    def save(self, *arguments, **options):
        """Raise ValueError: a saved SideBySide could not be loaded; save each student."""
        raise ValueError(
            "students side by side are saved one by one, as models[name].save(path); or all their "
            "weights, by save_weights or ModelCheckpoint(path, save_weights_only=True)"
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
            raise ValueError("students side by side take no sample_weight or class_weight")
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
                hits = correct(logits[name], targets["labels"])
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


def correct(logits, labels):
    """(..., batch) float32: 1 where the largest of logits (..., batch, classes) is the label's."""
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
