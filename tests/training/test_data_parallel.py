"""Data parallelism: two virtual devices train as one does; what cannot be distributed."""

import importlib.util
import os
import subprocess
import sys

import keras
import pytest

from common.cli.data_parallel import advice
from common.training import data_parallel
from tests.support import helpers


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
def test_two_devices_train_as_one(mnist_dir, tmp_path):
    command = [sys.executable, "-m", "tests.support.two_devices", str(mnist_dir), str(tmp_path)]
    environment = os.environ | helpers.JAX
    environment["XLA_FLAGS"] += " --xla_force_host_platform_device_count=2"
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "2 devices train mlp" in done.stdout


def test_what_cannot_be_distributed(monkeypatch):
    if keras.config.backend() != "jax":
        with pytest.raises(ValueError, match="needs JAX, but the backend is tensorflow: set KERAS"):
            data_parallel.devices()
    monkeypatch.setattr(data_parallel.keras.config, "backend", lambda: "jax")
    monkeypatch.setattr(keras.distribution, "list_devices", lambda: ["cpu:0"])
    with pytest.raises(ValueError, match="needs several devices, JAX has one"):
        data_parallel.devices()
    monkeypatch.setattr(keras.distribution, "list_devices", lambda: ["cpu:0", "cpu:1"])
    with (
        pytest.raises(ValueError, match="2 devices do not divide batches of 25 images evenly"),
        data_parallel.distributed(25),
    ):
        pass


def test_small_networks_are_advised_against():
    assert advice("resnet164", 4, 2.0) == "4 devices train resnet164 2.0 times as fast as one"
    assert "one run per device (one seed each" in advice("mlp", 4, 1.9)
