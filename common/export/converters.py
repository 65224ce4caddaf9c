"""Conversion of a network to a file of each format, by Keras's `export` and the format's tools."""

import contextlib
import io
import logging
import re
import warnings
from pathlib import Path

import numpy as np

from common.export.formats import FORMATS
from common.utils import onnx_runtime, quiet
from common.utils.messages import first_line

_TENSORFLOW_OP = re.compile(r"\btf\.(\w+)\(tensor|Unsupported ops: Counter\(\{'(\w+)'|Flex(\w+)")


def convert(model, path, format, precision="float32", calibration=None):
    """Write a network to a file, without any check of it. Needs the TensorFlow backend.

    Args:
        model: keras.Model in float32, of `float32_copy`.
        path: of the file, or of the folder of a SavedModel, with the format's suffix.
        format: a name in `FORMATS`.
        precision: one of the format's.
        calibration: images of int8, (n, h, w, c).

    Raises:
        ValueError: the format lacks an operation of the network.
    """
    with _silence() as log:
        try:
            _WRITERS[format](model, str(path), precision, calibration)
        except Exception as error:  # each converter has its own
            if "No space left" in str(error):
                raise
            text = f"{error} {log.getvalue()}".strip() or type(error).__name__
            raise ValueError(_explanation(format, text)) from None


def _explanation(format, text):
    """One sentence about a conversion that failed."""
    title = FORMATS[format].title
    if match := _TENSORFLOW_OP.search(text):
        name = next(filter(None, match.groups()))
        return (
            f"{title} has no operation for {name}, which the network uses: replace that layer, or "
            "choose another format"
        )
    return f"the network cannot be converted to {title}: {first_line(text)}"


@contextlib.contextmanager
def _silence():
    """Context without the converters' messages; yields what they log."""
    log, output = io.StringIO(), contextlib.redirect_stdout(io.StringIO())
    with contextlib.ExitStack() as stack:
        for name in ("tf2onnx", "tensorflow"):
            stack.enter_context(_logged_to(log, logging.getLogger(name)))
        with quiet.suppress_stderr(), output, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield log


@contextlib.contextmanager
def _logged_to(stream, logger):
    """Context in which a logger writes to `stream` alone."""
    former = logger.handlers, logger.propagate
    logger.handlers, logger.propagate = [logging.StreamHandler(stream)], False
    try:
        yield
    finally:
        logger.handlers, logger.propagate = former


def _litert(model, path, precision, calibration):
    import tensorflow as tf

    # built-in operations only: others need a runtime with all of TensorFlow's
    settings = {"target_spec": {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]}}
    if precision != "float32":
        settings["optimizations"] = [tf.lite.Optimize.DEFAULT]
    if precision == "float16":
        settings["target_spec"]["supported_types"] = [tf.float16]
    if precision == "int8":
        settings["target_spec"]["supported_ops"] = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        settings["representative_dataset"] = lambda: ([image] for image in _single(calibration))
    model.export(path, format="litert", verbose=False, **settings)


def _onnx(model, path, precision, calibration):
    float32 = path if precision == "float32" else f"{path}.float32.onnx"
    model.export(float32, format="onnx", verbose=False)
    if precision == "int8":
        _quantize_onnx(float32, path, calibration)


def _quantize_onnx(source, path, calibration):
    """Static quantization by ONNX Runtime: weights in 7 bits, per channel, activations in 8.

    With 8 bits in both, sums of two products saturate in 16 bits on x86 without VNNI.
    """
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    prepared = f"{source}.prepared.onnx"
    quant_pre_process(source, prepared, skip_symbolic_shape=True)
    (entry,) = onnx_runtime.session(prepared).get_inputs()
    quantization.quantize_static(
        prepared,
        path,
        _Calibration(entry.name, calibration),
        quant_format=quantization.QuantFormat.QDQ,
        per_channel=True,
        reduce_range=True,
        weight_type=quantization.QuantType.QInt8,
        activation_type=quantization.QuantType.QInt8,
    )
    for temporary in (source, prepared):
        Path(temporary).unlink()


def _openvino(model, path, precision, calibration):
    model.export(path, format="openvino", verbose=False)


def _saved_model(model, path, precision, calibration):
    model.export(path, format="tf_saved_model", verbose=False)


def _single(images):
    """Each image as a batch of one, float32."""
    return (np.asarray(image, "float32")[None] for image in images)


class _Calibration:
    """Images in the form that `quantize_static` reads: `get_next` and a length.

    Args:
        name: of the network's input.
        images: (n, h, w, c).
    """

    def __init__(self, name, images):
        self.name, self.images = name, images
        self.rewind()

    def get_next(self):
        image = next(self.rest, None)
        return None if image is None else {self.name: image}

    def rewind(self):
        self.rest = _single(self.images)


_WRITERS = {
    "litert": _litert,
    "onnx": _onnx,
    "openvino": _openvino,
    "saved_model": _saved_model,
}
