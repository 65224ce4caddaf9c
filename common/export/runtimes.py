"""Runtimes of exported files: logits of images, in each format's own runtime."""

import warnings
from pathlib import Path

import numpy as np

from common.export.formats import FORMATS, format_of, require_runtime
from common.utils import onnx_runtime, quiet
from common.utils.checks import require_positive
from common.utils.messages import first_line

BATCH_SIZE = 250


def predict(path, images, *, threads=None):
    """Logits that an exported file computes for images.

    Args:
        path: of the file, or of the folder of a SavedModel.
        images: (n, h, w, c) uint8 or floats, pixels as the Keras model takes them.
        threads: of the runtime; by default its own choice.

    Returns:
        (n, classes) float32.

    Raises:
        ValueError: the format's runtime is not installed; the file is missing, damaged or of
            another kind; threads are no whole number above 0.
    """
    run = load(path, threads=threads)
    batches = range(0, len(images), BATCH_SIZE)
    return np.concatenate([run(images[start : start + BATCH_SIZE]) for start in batches])


def load(path, *, threads=None):
    """Function (n, h, w, c) images -> (n, classes) float32 logits of an exported file.

    A call with another n than the last one may prepare the runtime for it, which takes time.

    Args:
        path, threads: as in `predict`.

    Raises:
        ValueError: as `predict`.
    """
    path, name = Path(path).expanduser(), format_of(path)
    require_runtime(name)
    if threads is not None:
        require_positive("threads", threads, integer=True)
    _require_file(path, name)
    try:
        with quiet.suppress_stderr(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            run = _LOADERS[name](str(path), threads)
    except ImportError:
        raise
    except Exception as error:  # each runtime raises different classes
        raise ValueError(
            f"{path} cannot be read as {FORMATS[name].title} ({first_line(error)}): export it again"
        ) from None
    return lambda images: np.asarray(run(np.asarray(images, "float32")))


def _require_file(path, name):
    """Raise ValueError unless a file or folder of a format is there."""
    if not path.exists():
        raise ValueError(f"there is no exported file {path}: write it by export.export")
    if path.is_file() and not FORMATS[name].suffix:
        raise ValueError(
            f"{path} is no exported network: those are .tflite, .onnx and .xml files, and folders "
            "of a SavedModel"
        )


def _litert(path, threads):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=path, num_threads=threads)
    (entry,), (logits,) = interpreter.get_input_details(), interpreter.get_output_details()
    prepared = [None]

    def run(images):
        if prepared != [len(images)]:
            with quiet.suppress_stderr():
                interpreter.resize_tensor_input(entry["index"], images.shape)
                interpreter.allocate_tensors()
            prepared[:] = [len(images)]
        interpreter.set_tensor(entry["index"], images)
        interpreter.invoke()
        return interpreter.get_tensor(logits["index"])

    return run


def _onnx(path, threads):
    session = onnx_runtime.session(path, threads)
    (entry,) = session.get_inputs()
    return lambda images: session.run(None, {entry.name: images})[0]


def _openvino(path, threads):
    import openvino

    settings = {"INFERENCE_PRECISION_HINT": "f32"}
    if threads:
        settings["INFERENCE_NUM_THREADS"] = threads
    compiled = openvino.Core().compile_model(path, "CPU", settings)
    return lambda images: compiled([images])[0]


def _saved_model(path, threads):
    import tensorflow as tf

    loaded = tf.saved_model.load(path)  # owns the variables
    serve = loaded.serve  # another kind of SavedModel has none

    def run(images):
        return serve(tf.constant(images)).numpy()

    run.loaded = loaded
    return run


_LOADERS = {
    "litert": _litert,
    "onnx": _onnx,
    "openvino": _openvino,
    "saved_model": _saved_model,
}
