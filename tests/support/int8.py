"""Processors on which ONNX Runtime's int8 sums saturate: x86 without VNNI."""

import platform
from pathlib import Path

import pytest

REASON = "ONNX Runtime's int8 saturates on this processor, which has no VNNI"


def skip_if_saturating():
    """Skip the rest of a test of int8 in ONNX Runtime where the processor is x86 without VNNI.

    There pairs of products are added in 16 bits (ONNX Runtime, Quantize ONNX Models).
    """
    info = Path("/proc/cpuinfo")
    x86 = platform.machine() in ("x86_64", "AMD64") and info.exists()
    if x86 and "vnni" not in info.read_text(encoding="utf-8"):
        pytest.skip(REASON)
