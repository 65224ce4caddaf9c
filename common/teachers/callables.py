"""Logits of any function images -> logits, of whatever framework."""

import functools

import numpy as np
from scipy import special

from common import metrics
from common.data import views as view_sets
from common.data.dataset import SPLITS
from common.teachers import writer
from common.teachers.alignment import require_aligned
from common.teachers.identity import image_keys
from common.teachers.logits import Logits
from common.teachers.logits_converter import LogitsConverter
from common.teachers.onnx_model import OnnxModel
from common.teachers.places import logits_folder, require_name
from common.teachers.resumable import to_float16
from common.utils import files
from common.utils.checks import require_positive
from common.utils.target_checks import SAMPLE, sample

_SAME = 4e-3  # relative difference of two answers of one function, float16's rounding included
_DOUBT = 1e-3  # fraction of wrong labels


def from_callable(
    function,
    dataset,
    *,
    name,
    views="plain",
    preprocess=None,
    batch_size=500,
    kind=None,
    classes=None,
    output_dir=None,
):
    """`Logits` of any function images -> logits: Keras, PyTorch, ONNX Runtime, scikit-learn, HTTP.

    The function answers for some validation images first, which are checked. Logits that an
    earlier call wrote are read if they agree with these answers; an interrupted call continues.

    Args:
        function: images uint8 (batch, h, w, c) in 0 to 255, or what `preprocess` makes of them, ->
            (batch, columns) logits or probabilities, an array or tensor. A keras.Model that ends
            in a softmax gives the logits before it.
        dataset: data.Dataset; train in the views of `views`, validation and test as they are.
        name: of the teacher, as tables show it.
        views: views of the training images, a `ViewSet` or its name.
        preprocess: function images -> what `function` takes. Default for a keras.Model or
            OnnxModel that does not scale pixels itself: x / 255 if it predicts better with it,
            which a message says.
        batch_size: images per call of the function.
        kind, classes: as in `logits_converter.LogitsConverter`.
        output_dir: folder of the study, whose teachers/ gets the logits; default
            runs/<data set> in the repository.

    Raises:
        ValueError: a function that cannot be called; a name with "@" or without a character; a
            model of images of another size; as `LogitsConverter`, `alignment.require_aligned` and
            `teachers.make`.
        InsufficientSpaceError: too little free disk.
    """
    require_name(name)
    require_positive("batch_size", batch_size, integer=True)
    converter = LogitsConverter(f"teacher {name!r}", dataset, classes, kind)
    # spread over all of them: images of a folder are in the order of their classes
    probe, labels = (
        sample(array, min(int(batch_size), SAMPLE))
        for array in (dataset.validation.images, dataset.validation.labels)
    )
    teacher = _as_model(function, preprocess, converter, probe, labels)
    probe_logits = teacher.predict_on_batch(probe)
    converter.hard = converter.count = 0  # count again, over all images
    require_aligned(probe_logits, labels, f"the logits of {name!r}", dataset.class_names)
    keys = {split: image_keys(getattr(dataset, split).images) for split in SPLITS}
    header = writer.header_of(dataset, name, view_sets.get(views))
    folder = logits_folder(dataset, name, keys, view_sets.get(views), output_dir)
    find = functools.partial(_read_if_same, folder, dataset, probe, probe_logits)
    if logits := find():
        return logits
    images = files.sha256_of([*keys.values(), to_float16(probe_logits)])
    request = header | {"batch_size": int(batch_size), "images": images}
    logits = _write(folder, teacher, dataset, keys, header, request, find)
    converter.report()
    return logits


def _as_model(function, preprocess, converter, images, labels):
    """The `_Function` of a user's function, Keras model or OnnxModel.

    Args:
        function, preprocess: as in `from_callable`.
        converter: LogitsConverter.
        images, labels: validation images to look for the scale of its pixels, and their labels.
    """
    from common.backend import keras  # here, so that importing this module does not import Keras

    if isinstance(function, keras.Model):
        inputs = preprocess(images) if preprocess else images
        function = _logits_of(function, converter.what, inputs, preprocess is not None)
    if isinstance(function, (keras.Model, OnnxModel)):
        preprocess = preprocess or _scale(function, converter, images, labels)
        function = function.predict_on_batch
    return _Function(function, preprocess, converter)


def _write(folder, teacher, dataset, keys, header, request, find):
    """The `Logits` that a model's answers for all images make; arguments as in `writer`."""
    view_set = view_sets.get(header["views"], header.get("sampled", 0))

    def write(partial):
        writer.check_feasible(folder, dataset, dataset.classes, view_set)
        writer.write_splits(teacher, dataset.classes, dataset, keys, request, partial)

    return writer.write_folder(folder, header, request, write, find)


class _Function:
    """A function as a model whose `predict_on_batch` returns logits of the data's classes."""

    def __init__(self, function, preprocess, converter):
        if not callable(function):
            raise ValueError(
                f"{converter.what} is a {type(function).__name__}: pass a function images -> logits"
            )
        self.function, self.preprocess, self.converter = function, preprocess, converter

    def predict_on_batch(self, images):
        """(n, classes) logits of images uint8 (n, h, w, c)."""
        inputs = self.preprocess(images) if self.preprocess else images
        return self.converter.logits(self.function(inputs), len(images))


def _logits_of(model, what, inputs, preprocessed):
    """The model, built, that returns a Keras model's logits; ValueError for inputs of other shape.

    Args:
        model: keras.Model.
        what: such as "teacher 'forest'".
        inputs: images, or what a function makes of them, of any type.
        preprocessed: whether there is such a function.
    """
    from common.models.outputs import logits_model
    from common.models.validation import shape_of, shapes_fit

    if not model.built:
        model(inputs)
    model = logits_model(model)
    expected, shape = shape_of(model, "input_shape"), tuple(getattr(inputs, "shape", ()))[1:]
    if expected and len(expected) == len(shape) and not shapes_fit(expected, shape):
        got = "what preprocess= returns is" if preprocessed else "the data are"
        mend = "let it resize them" if preprocessed else "pass preprocess="
        raise ValueError(f"{what} takes images {expected}, {got} {shape}: {mend}")
    return model


def _scale(model, converter, images, labels):
    """Division by 255 for a model that predicts the labels better with it, else None; printed."""
    from common.models.pixel_range import scales_bytes

    if model.takes_bytes if isinstance(model, OnnxModel) else scales_bytes(model):
        return None
    functions = {255: None, 1: lambda images: images.astype("float32") / 255}
    losses = {}
    for high, function in functions.items():
        inputs = function(images) if function else images
        logits = converter.logits(model.predict_on_batch(inputs), len(images))
        losses[high] = _loss_with_doubt(logits, labels)
    better, other = sorted(losses, key=losses.get)
    print(
        f"{converter.what} gets pixels in 0 to {better}{', divided by 255' * (better == 1)}: its "
        f"cross-entropy on validation images is {losses[better]:.3g} nats, with pixels in 0 to "
        f"{other} {losses[other]:.3g}, if one label in a thousand is wrong; preprocess= sets "
        "another scale"
    )
    return functions[better]


def _loss_with_doubt(logits, labels):
    """NLL if one label in a thousand is wrong, any of the classes.

    Without this doubt, a model without errors would be the better the larger its logits are, and
    pixels 255 times as large make them as many times as large.
    """
    loss = metrics.negative_log_likelihood
    if labels.ndim == 2:
        others = loss(logits, 1 - labels)
    else:
        others = -special.log_softmax(logits, axis=1).mean()
    return (1 - _DOUBT) * loss(logits, labels) + _DOUBT * others


def _are_same(stored, answers):
    """Whether (n, classes) stored logits are those of a function's answers, within rounding.

    The difference of a value is compared with the value and with the row's largest, not with the
    magnitude of others, such as of masked classes.
    """
    answers = np.asarray(answers, "float64")
    largest = np.abs(answers.max(axis=1, keepdims=True))
    return bool(np.all(np.abs(stored - answers) <= _SAME * (np.abs(answers) + largest + 1)))


def _read_if_same(folder, dataset, images, probe_logits):
    """The `Logits` in `folder` if they are those of a function's answers; None otherwise."""
    if not (folder / "header.json").exists():
        return None
    logits = Logits(folder)
    if logits.header.get("multi_label", False) != dataset.multi_label:  # an older file lacks it
        return None
    stored = logits.targets("validation", images).unaugmented()
    if not _are_same(stored, probe_logits):
        return None
    print(f"read the logits in {files.display_path(folder)}, which agree with the teacher's")
    return logits
