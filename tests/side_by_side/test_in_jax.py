"""The tests of students' input, objective, teacher and losses, under JAX."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import helpers

TESTS = Path(__file__).parents[1]
INPUT = "side_by_side/test_input.py"
FILES = ["side_by_side/test_objective.py"]
FILES += ["side_by_side/test_teacher.py", "side_by_side/test_multi_label.py"]
FILES += ["losses/test_masked_classes.py", f"{INPUT}::test_data_sets_are_looked_at"]
FILES += [f"{INPUT}::test_distillation_without_labels", f"{INPUT}::test_models_that_fit_train"]


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
def test_students_in_jax():
    command = [sys.executable, "-m", "pytest", "-q", "-n0", "-x", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, *(str(TESTS / file) for file in FILES)],
        env=os.environ | helpers.JAX,
        capture_output=True,
        text=True,
        cwd=TESTS.parent,
    )
    assert done.returncode == 0, done.stdout[-4000:]
