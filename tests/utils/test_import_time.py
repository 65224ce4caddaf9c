"""Modules that `--help` and `table` of the command line import, and what they must not import."""

import subprocess
import sys

import pytest

HEAVY = ("numpy", "keras", "tensorflow", "jax", "PIL")


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        ("common.utils.packages", ()),
        ("common.utils.checks", ()),
        ("common.data", ("numpy", "PIL")),
        ("common.data.augmentations", ("numpy", "PIL")),
        ("common.data.views", ("numpy", "PIL")),
        ("common.models", ("numpy",)),
        ("mnist.tables", ("numpy", "PIL")),  # with the packages results, runs and experiments
    ],
)
def test_heavy_imports(module, allowed):
    code = f"import sys, {module}; print(*[name for name in {HEAVY} if name in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert set(result.stdout.split()) <= set(allowed)
