"""Hardware that Keras runs on: name of the device, free GPU memory, bfloat16."""

import os
import platform
from pathlib import Path

from common.backend import keras
from common.utils.workers import cores

_CPUINFO = Path("/proc/cpuinfo")
_BFLOAT16 = {"avx512_bf16", "amx_bf16", "bf16"}  # on x86, x86 and ARM
ASSUMED_GPU_MEMORY = 8_000_000_000  # bytes, those of a small GPU; where the backend reports none


def device():
    """Name of the GPU, or of the processor with its number of cores."""
    return accelerator() or processor()


def accelerator():
    """Name of the GPU, under JAX also of a TPU; None without one."""
    if keras.config.backend() == "jax":
        import jax

        if jax.default_backend() != "cpu":
            return jax.devices()[0].device_kind
    elif keras.config.backend() == "tensorflow":
        import tensorflow as tf

        for gpu in tf.config.list_physical_devices("GPU"):
            return tf.config.experimental.get_device_details(gpu).get("device_name", "GPU")
    return None


def has_bfloat16():
    """Whether the device has bfloat16 instructions: an accelerator, or a CPU that lists them.

    Of CPUs only Linux lists them. Others emulate bfloat16, many times slower than float32.
    """
    return bool(accelerator()) or not _BFLOAT16.isdisjoint(cpu_instructions())


def uses_onednn():
    """Whether TensorFlow computes with oneDNN; None for another backend.

    `common` switches it on for x86, unless TensorFlow was imported before.
    """
    if keras.config.backend() != "tensorflow":
        return None
    from tensorflow.python.util import _pywrap_util_port

    return bool(_pywrap_util_port.IsMklEnabled())


def cpu_instructions():
    """Set of the names of the processor's instruction sets; empty where Linux is not the system."""
    lines = [line for line in _cpuinfo() if line.startswith(("flags", "Features"))]
    return set(lines[0].split(":", 1)[1].split()) if lines else set()


def gpu_memory():
    """Free bytes on the GPU; 0 without a GPU, `ASSUMED_GPU_MEMORY` if not reported."""
    if keras.config.backend() == "jax":
        import jax

        if jax.default_backend() == "gpu":
            stats = jax.local_devices()[0].memory_stats()  # None for some allocators
            if not stats or not {"bytes_limit", "bytes_in_use"} <= set(stats):
                return ASSUMED_GPU_MEMORY
            return stats["bytes_limit"] - stats["bytes_in_use"]
    elif keras.config.backend() == "tensorflow":
        import tensorflow as tf

        if tf.config.list_physical_devices("GPU"):
            return ASSUMED_GPU_MEMORY
    return 0


def processor():
    """Model of the processor and the number of cores that this process may use."""
    name = platform.processor() or platform.machine()
    for line in _cpuinfo():
        if line.startswith("model name"):
            name = line.split(":", 1)[1].strip()
    return f"{name}, {cores()} cores"


def load_average():
    """Mean number of processes that ran or waited in the last minute; None where not reported."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None  # Windows has none


def _cpuinfo():
    """Lines of Linux's description of the processor; none on other systems."""
    return _CPUINFO.read_text(encoding="utf-8").splitlines() if _CPUINFO.exists() else []
