"""Formats of exported files: suffix, packages, precisions; imports no runtime."""

import dataclasses
import importlib.util
from pathlib import Path

from common.utils.checks import require_choice

PRECISIONS = ("float32", "float16", "int8")
_GRAPH_BYTES = 2**31  # protobuf's limit, of ONNX files


@dataclasses.dataclass(frozen=True)
class Format:
    """A file format and its runtime.

    Args:
        title: name of the format in messages.
        suffix: of the file's name; "" for a folder.
        modules: {module that must be importable: its package}.
        precisions: those of `PRECISIONS` that can be written.
        max_bytes: largest size of the weights in float32; None for no limit.
        extra: of pyproject.toml, which installs the packages.
    """

    title: str
    suffix: str
    modules: dict
    precisions: tuple = ("float32",)
    max_bytes: int | None = None
    extra: str = "export"


FORMATS = {
    "litert": Format("LiteRT", ".tflite", {"ai_edge_litert": "ai-edge-litert"}, PRECISIONS),
    "onnx": Format(
        "ONNX",
        ".onnx",
        {"onnx": "onnx", "tf2onnx": "tf2onnx", "onnxruntime": "onnxruntime"},
        ("float32", "int8"),
        _GRAPH_BYTES,
    ),
    "openvino": Format("OpenVINO", ".xml", {"openvino": "openvino"}, extra="openvino"),
    "saved_model": Format("SavedModel", "", {}),
}


def file_name(stem, format, precision="float32"):
    """Name of an exported file or folder, such as `cnn_small-int8.tflite`.

    Args:
        stem: name of the network.
        format: a name in `FORMATS`.
        precision: one of `PRECISIONS`; "float32" is not in the name.
    """
    require_choice("format", format, FORMATS)
    middle = "" if precision == "float32" else f"-{precision}"
    return f"{stem}{middle}{FORMATS[format].suffix or '-saved_model'}"


def format_of(path):
    """The name in `FORMATS` of a file's or folder's format, by its suffix."""
    suffixes = {spec.suffix: name for name, spec in FORMATS.items()}
    suffix = Path(path).suffix
    if suffix not in suffixes:
        suffix = ""  # of a folder, in whose name a dot means nothing
    return suffixes[suffix]


def missing_packages(format):
    """List of a format's packages that are not installed.

    Args:
        format: a name in `FORMATS`.
    """
    modules = FORMATS[format].modules.items()
    return [package for module, package in modules if importlib.util.find_spec(module) is None]


def require_runtime(format):
    """Raise ValueError, which names the extra, unless a format's packages are installed."""
    if missing := missing_packages(format):
        spec = FORMATS[format]
        raise ValueError(
            f"{spec.title} files need {', '.join(missing)}, of the extra [{spec.extra}]: "
            f"pip install -e '.[{spec.extra}]'"
        )
