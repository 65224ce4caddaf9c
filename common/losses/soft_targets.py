"""Soft targets and the cross-entropy with the labels: the parts that methods share."""

from common.backend import keras, ops
from common.utils.checks import require_temperature


def soft_targets(logits, temperature):
    """Class probabilities softened by a temperature: softmax(logits / T).

    Hinton, Vinyals & Dean 2015, arXiv:1503.02531, equation 1.

    Args:
        logits: (batch, classes) floats, before any softmax.
        temperature: T > 0; at 1 the ordinary softmax, toward infinity the uniform one.

    Returns:
        (batch, classes) float32 probabilities; each row sums to 1.

    Raises:
        ValueError: if temperature is not a finite number of at least 1e-6.
    """
    return ops.exp(log_soft_targets(logits, temperature))


def log_soft_targets(logits, temperature):
    """Logarithms of `soft_targets`, with the same arguments and errors."""
    require_temperature(temperature)
    return ops.log_softmax(ops.cast(logits, "float32") / temperature, axis=-1)


def hard_label_loss(logits, labels):
    """Cross-entropy with the labels at temperature 1.

    Args:
        logits: (batch, classes) floats.
        labels: (batch,) integers in [0, classes).

    Returns:
        (batch,) float32, nats; nan, or TensorFlow's error, for a label that is no class.
    """
    logits = ops.cast(logits, "float32")
    if keras.config.backend() == "tensorflow":  # its kernel takes 0 · log 0 as 0
        return ops.sparse_categorical_crossentropy(labels, logits, True)
    labels = ops.cast(ops.reshape(labels, logits.shape[:-1]), "int32")
    is_label = ops.one_hot(labels, logits.shape[-1], dtype="bool")
    loss = -ops.sum(ops.where(is_label, ops.log_softmax(logits, axis=-1), 0.0), axis=-1)
    valid = (labels >= 0) & (labels < logits.shape[-1])
    return ops.where(valid, loss, float("nan"))  # as TensorFlow's, instead of 0


def logit_pair(student_logits, teacher_logits):
    """Logits of student and teacher as tensors of one shape, the teacher's without gradient.

    Raises:
        ValueError: shapes that differ, which would broadcast; an unknown size (None) fits any.
    """
    student_logits = ops.convert_to_tensor(student_logits)
    teacher_logits = ops.stop_gradient(ops.convert_to_tensor(teacher_logits))
    student, teacher = tuple(student_logits.shape), tuple(teacher_logits.shape)
    known = [sizes for sizes in zip(student, teacher, strict=False) if None not in sizes]
    if len(student) != len(teacher) or any(a != b for a, b in known):
        raise ValueError(
            f"student {student} and teacher {teacher} differ in rows or classes: pass logits of "
            "the same images and classes"
        )
    return student_logits, teacher_logits
