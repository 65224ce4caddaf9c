"""What the system reports of its processor and load, and what it may not report."""

import os

import pytest

from common.backend import hardware, precision

# excerpts of Linux's /proc/cpuinfo
XEON_AMX = "model name\t: Intel(R) Xeon(R)\nflags\t\t: fpu avx2 avx512f amx_bf16 amx_tile\n"
EPYC_AVX2 = "model name\t: AMD EPYC\nflags\t\t: fpu avx avx2 fma\nbugs\t\t: bf16\n"
GRAVITON_3 = "processor\t: 0\nFeatures\t: fp asimd sve i8mm bf16 dgh\n"


def test_load_average_is_unknown_where_the_system_reports_none(monkeypatch):
    monkeypatch.setattr(os, "getloadavg", lambda: (0.5, 1, 2), raising=False)
    assert hardware.load_average() == 0.5
    monkeypatch.delattr(os, "getloadavg")
    assert hardware.load_average() is None


@pytest.mark.parametrize(
    ("cpuinfo", "expected"),
    [(XEON_AMX, "mixed_bfloat16"), (GRAVITON_3, "mixed_bfloat16"), (EPYC_AVX2, "float32")],
)
def test_only_processors_with_bfloat16_instructions_compute_in_it(
    cpuinfo, expected, tmp_path, monkeypatch
):
    path = tmp_path / "cpuinfo"
    path.write_text(cpuinfo * 2, encoding="utf-8")  # two cores
    monkeypatch.setattr(hardware, "_CPUINFO", path)
    assert precision.supported("mixed_bfloat16") == expected
    assert precision.supported("float32") == "float32"


def test_a_system_that_does_not_list_instructions_computes_in_float32(tmp_path, monkeypatch):
    monkeypatch.setattr(hardware, "_CPUINFO", tmp_path / "missing")
    assert precision.supported("mixed_bfloat16") == "float32"


def test_a_gpu_computes_in_bfloat16(monkeypatch):
    monkeypatch.setattr(hardware, "cpu_instructions", set)
    monkeypatch.setattr(hardware, "accelerator", lambda: "NVIDIA H200")
    assert precision.supported("mixed_bfloat16") == "mixed_bfloat16"
    assert hardware.device() == "NVIDIA H200"
