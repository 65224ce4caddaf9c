"""Checks of the models and labels that `SideBySide` trains with; errors name the remedy."""

import numpy as np

from common.backend import keras


def require_labels(labels, classes):
    """Raise ValueError unless `labels` are whole numbers in [0, classes), (n,) or (n, 1)."""
    labels = np.asarray(labels)
    if labels.ndim > 1 and labels.shape != (len(labels), 1):
        raise ValueError(
            f"labels of shape {labels.shape}: give the number of each image's class, "
            "such as np.argmax(labels, axis=-1) of one-hot rows"
        )
    if not np.array_equal(labels, np.floor(labels)):
        raise ValueError(f"labels must be whole numbers, got {labels[labels != labels.round()][0]}")
    if not 0 <= np.min(labels) <= np.max(labels) < classes:
        bounds = f"{np.min(labels)} to {np.max(labels)}"
        raise ValueError(f"labels from {bounds}, but students of {classes} classes")


def require_models(models):
    """Raise ValueError unless `models` are distinct, of equal shapes, and return logits.

    Args:
        models: list of keras.Model, students first, then teachers.
    """
    if not models:
        raise ValueError("SideBySide needs at least one student")
    if len({id(model) for model in models}) < len(models):
        raise ValueError("every student, and the teacher, needs a model of its own")
    for model in models:
        if _ends_in_softmax(model):
            raise ValueError(
                f"model {model.name!r} ends in a softmax: let it return logits, for these are what "
                "the temperature divides"
            )
    for what in ("input_shape", "output_shape"):
        shapes = {tuple(getattr(model, what)[1:]) for model in models}
        if len(shapes) > 1:
            raise ValueError(f"students and teacher differ in {what}: {sorted(shapes)}")


def _ends_in_softmax(model):
    last = model
    while getattr(last, "layers", ()):  # the last layer may be a nested model
        last = last.layers[-1]
    activation = getattr(last, "activation", None)
    return isinstance(last, keras.layers.Softmax) or activation is keras.activations.softmax
