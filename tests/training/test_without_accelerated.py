"""Training without the optional GPU paths: `common/training/accelerated` may be missing."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DISTILL = ["distill", "--teacher", "cnn", "--student", "mlp", "--seeds", "0"]
RUN = """
import sys
from common import cli
cli.main("mnist", sys.argv[1:])
from common.training import acceleration
print(acceleration.__file__, acceleration.stacked)
"""


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
    """Last line of the output of a process on a CPU that imports the packages in `folder`."""
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", RUN, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def distill(folder, mnist_dir):
    """({record's name: weights_sha256}, GPU paths) of a distillation by a folder's packages."""
    options = ["--limit", "60", "--epochs", "1", "--data-dir", mnist_dir]
    paths = python(folder, *DISTILL, *map(str, options), "--output-dir", str(folder / "runs"))
    records = (folder / "runs" / "results").glob("*.json")
    hashes = {path.stem: json.loads(path.read_text())["weights_sha256"] for path in records}
    return hashes, paths


@pytest.mark.slow
def test_weights_are_the_same_without_accelerated(mnist_dir, tmp_path):
    with_folder, without = tmp_path / "with", tmp_path / "without"
    copy_packages(with_folder, accelerated=True)
    copy_packages(without, accelerated=False)
    assert not (without / "common" / "training" / "accelerated").exists()
    module = without / "common" / "training" / "acceleration.py"
    expected, _ = distill(with_folder, mnist_dir)
    assert len(expected) == 4  # teacher, baseline, distilled student, control
    assert distill(without, mnist_dir) == (expected, f"{module} None")
