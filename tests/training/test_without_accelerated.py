"""Training without the optional GPU paths: `common/training/accelerated` may be missing."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DISTILL = ["-m", "mnist", "distill", "--teacher", "cnn", "--student", "mlp", "--seeds", "0"]
REPORT = "from common.training import acceleration as a; print(a.__file__, a.stacked)"


def copy_packages(folder, *, accelerated):
    """Copy common/ and mnist/ without committed runs, with or without the GPU paths."""
    ignored = {ROOT / "mnist" / "results", ROOT / "mnist" / "teachers"}
    if not accelerated:
        ignored.add(ROOT / "common" / "training" / "accelerated")

    def ignore(path, names):
        return [n for n in names if n == "__pycache__" or Path(path) / n in ignored]

    for package in ("common", "mnist"):
        shutil.copytree(ROOT / package, folder / package, ignore=ignore)


def python(folder, *arguments):
    """Output of a Python process on a CPU that imports the packages in `folder`."""
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": str(folder)}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def weights_by_run(folder, mnist_dir):
    """{record's name: weights_sha256} after a distillation by the packages in `folder`."""
    options = ["--limit", "60", "--epochs", "1", "--data-dir", mnist_dir]
    python(folder, *DISTILL, *map(str, options), "--output-dir", str(folder / "runs"))
    records = (folder / "runs" / "results").glob("*.json")
    return {path.stem: json.loads(path.read_text())["weights_sha256"] for path in records}


@pytest.mark.slow
def test_weights_are_the_same_without_accelerated(mnist_dir, tmp_path):
    with_folder, without = tmp_path / "with", tmp_path / "without"
    copy_packages(with_folder, accelerated=True)
    copy_packages(without, accelerated=False)
    assert not (without / "common" / "training" / "accelerated").exists()
    module = without / "common" / "training" / "acceleration.py"
    assert python(without, "-c", REPORT).strip() == f"{module} None"
    expected = weights_by_run(with_folder, mnist_dir)
    assert len(expected) == 4  # teacher, baseline, distilled student, control
    assert weights_by_run(without, mnist_dir) == expected
