"""Training on a host with JAX, without TensorFlow and TensorFlow Datasets."""

import importlib.util
import os
import subprocess
import sys

import pytest

from mnist import recipes
from tests.support import helpers

# resumed trainings run the programs of uninterrupted ones: each is compiled once
CACHE = {"MIN_COMPILE_TIME_SECS": "0", "MIN_ENTRY_SIZE_BYTES": "-1"}
CACHE = {f"JAX_PERSISTENT_CACHE_{name}": value for name, value in CACHE.items()}


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
def test_training_without_tensorflow(mnist_dir, tmp_path):
    command = [sys.executable, "-m", "tests.support.jax_host", str(mnist_dir), str(tmp_path)]
    environment = os.environ | helpers.JAX | CACHE
    environment["JAX_COMPILATION_CACHE_DIR"] = str(tmp_path / "compiled")
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("trained under JAX\n")
    width = recipes.STUDENTS["cnn_small"].options["width"]
    rows = [line for line in done.stdout.splitlines() if f"| cnn width {width:g}, " in line]
    assert [row.split(" | ")[1] for row in rows] == ["baseline", "cnn", "cnn (shuffled)"]
