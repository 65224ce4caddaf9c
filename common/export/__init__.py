"""Export of a network to files that run without Keras, each read back and checked.

LiteRT (.tflite), ONNX (.onnx), OpenVINO (.xml with .bin) and TensorFlow's SavedModel (a folder), in
float32; LiteRT also in float16; LiteRT and ONNX also in int8. The extra `export` installs the
runtimes, the extra `openvino` that of OpenVINO.

May import `models`, `metrics`, `data`, `backend` and `utils`. Importing it imports no Keras.
"""

from common.export.calibration import MIN_CALIBRATION_IMAGES, calibration_images
from common.export.calibration import description as describe_calibration
from common.export.exporter import Exported, export, file_size
from common.export.formats import FORMATS, PRECISIONS, file_name, missing_packages, require_runtime
from common.export.runtimes import load, predict

__all__ = [
    "FORMATS",
    "MIN_CALIBRATION_IMAGES",
    "PRECISIONS",
    "Exported",
    "calibration_images",
    "describe_calibration",
    "export",
    "file_name",
    "file_size",
    "load",
    "missing_packages",
    "predict",
    "require_runtime",
]
