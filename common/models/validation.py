"""Checks of the models that `SideBySide` trains with; errors name the model and the remedy."""

from common.backend import keras, ops
from common.models import outputs
from common.utils.target_checks import require_logits

_PROBED = 12  # images


def require_models(students, teachers):
    """Raise ValueError unless models are distinct, of equal shapes, and return logits.

    Of an unbuilt model only a part is known; `require_classifier` checks the rest on images.

    Args:
        students, teachers: {name: keras.Model}.
    """
    if not students:
        raise ValueError("SideBySide needs at least one student: pass {name: Student(...)}")
    named = [(f"student {name!r}", model) for name, model in students.items()]
    named += [(f"teacher {name!r}", model) for name, model in teachers.items()]
    for what, model in named:
        require_model(what, model)
    models = [model for _, model in named]
    if len({id(model) for model in models}) < len(models):
        raise ValueError("two students, or student and teacher, share a model: build one for each")
    for what in ("input_shape", "output_shape"):
        shapes = [shape for model in models if (shape := shape_of(model, what)) is not None]
        if not all(shapes_fit(a, b) for a in shapes for b in shapes):
            different = sorted(set(shapes), key=lambda shape: [side or 0 for side in shape])
            raise ValueError(f"students and teacher differ in {what}: {different}")


def require_model(what, model):
    """Raise ValueError unless `model` is a keras.Model, images -> logits, as far as it is built.

    Args:
        what: such as "student 'a'".
        model: anything.
    """
    if not isinstance(model, keras.Model):
        kind = type(model).__name__
        raise ValueError(f"{what} is a {kind}: pass a keras.Model, loaded or built")
    for name, end in (
        ("input_shape", "images (batch, height, width, channels)"),
        ("output_shape", "logits (batch, classes)"),
    ):
        shape = getattr(model, name) if _has(model, name) else None
        tensor = name.removesuffix("_shape")
        if _has(model, tensor) and isinstance(getattr(model, tensor), dict):
            shape = {key: value.shape for key, value in getattr(model, tensor).items()}
        several = isinstance(shape, dict) or (shape and isinstance(shape[0], (list, tuple)))
        if several or (name == "output_shape" and shape and len(shape) != 2):
            raise ValueError(
                f"{what}, model {model.name!r}, has {name} {shape}: it must have one, {end}; wrap "
                "that part in a keras.Model"
            )
    end = outputs.kind_of_output(model)
    if end not in (outputs.LOGITS, outputs.UNKNOWN):
        raise ValueError(
            f"model {model.name!r} ends in a {end}: remove it, because the temperature divides "
            "logits"
        )


def require_classifier(what, model, images):
    """Number of classes of a model, which is built if needed; ValueError unless it returns logits.

    The model is called only if its graph does not show whether it returns logits.

    Args:
        what: as in `require_model`.
        model: keras.Model.
        images: (n, h, w, c), n > 0; the first few are used.
    """
    expected = shape_of(model, "input_shape")
    if expected is not None and not shapes_fit(expected, tuple(images.shape[1:])):
        shape = tuple(images.shape[1:])
        raise ValueError(f"images have shape {shape}, but {what} takes {expected}")
    if model.built and outputs.kind_of_output(model) == outputs.LOGITS:
        return shape_of(model, "output_shape")[-1]
    logits = model(ops.convert_to_tensor(images[:_PROBED]), training=False)
    if not hasattr(logits, "shape") or len(logits.shape) != 2:
        shape = getattr(logits, "shape", type(logits).__name__)
        raise ValueError(
            f"{what}, model {model.name!r}, returns {shape}: it must return one tensor of logits "
            "(batch, classes)"
        )
    require_logits(ops.convert_to_numpy(ops.cast(logits, "float32")), f"the outputs of {what}")
    return int(logits.shape[-1])


def shape_of(model, what):
    """Model's input_shape or output_shape without the batch; None if it is not known yet."""
    return tuple(getattr(model, what)[1:]) if _has(model, what) else None


def _has(model, what):
    try:
        return getattr(model, what) is not None
    except (AttributeError, ValueError, RuntimeError):  # a subclass, or nothing built
        return False


def shapes_fit(a, b):
    """Whether two shapes agree; an unknown size agrees with any."""
    return len(a) == len(b) and all(None in (i, j) or i == j for i, j in zip(a, b, strict=True))
