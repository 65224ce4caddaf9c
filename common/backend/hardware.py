"""Hardware that Keras runs on: name of the device, free GPU memory."""

import os
import platform
from pathlib import Path

from common.backend import keras
from common.utils.workers import cores

ASSUMED_GPU_MEMORY = 8_000_000_000  # bytes, those of a small GPU; where the backend reports none


def device():
    """Name of the GPU, or of the processor with its number of cores."""
    if keras.config.backend() == "jax":
        import jax

        if jax.default_backend() != "cpu":
            return jax.devices()[0].device_kind
    elif keras.config.backend() == "tensorflow":
        import tensorflow as tf

        for gpu in tf.config.list_physical_devices("GPU"):
            return tf.config.experimental.get_device_details(gpu).get("device_name", "GPU")
    return processor()


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
    info = Path("/proc/cpuinfo")
    for line in info.read_text(encoding="utf-8").splitlines() if info.exists() else ():
        if line.startswith("model name"):
            name = line.split(":", 1)[1].strip()
    return f"{name}, {cores()} cores"


def load_average():
    """Mean number of processes that ran or waited in the last minute; None where not reported."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None  # Windows has none
