"""What others offer for the same distillation: an epoch of each, to be timed."""

import importlib.util

DISTILLER, PYTORCH = "Keras's Distiller", "a PyTorch loop"


def has_pytorch():
    return importlib.util.find_spec("torch") is not None


def every(task, dataset):
    """{name: an epoch} of Keras's Distiller with and without XLA, and PyTorch where it is."""
    from common.backend import keras
    from common.benchmark import distillers

    settings = (False, True) if keras.config.backend() == "tensorflow" else (True,)
    calls = {
        f"{DISTILLER}{' with XLA' * jit}": distillers.distiller(task, dataset, jit)
        for jit in settings
    }
    return calls | pytorch(task, dataset)


def pytorch(task, dataset):
    """{PYTORCH: an epoch} where PyTorch is installed, else {}."""
    if not has_pytorch():
        return {}
    from common.benchmark import torch_distillers

    return {PYTORCH: torch_distillers.epoch(task, dataset)}
