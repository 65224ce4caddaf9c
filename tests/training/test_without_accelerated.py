"""Training without the optional GPU paths: `common/training/accelerated` may be missing."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from common import cli
from common.training import acceleration

ROOT = Path(__file__).resolve().parents[2]
DISTILL = ["distill", "--teacher", "cnn", "--student", "mlp", "--seeds", "0"]
DISTILL += ["--limit", "60", "--epochs", "1"]
RUN = """
import sys
from common import cli
cli.main("mnist", sys.argv[1:])
from common.training import acceleration
print(acceleration.__file__, acceleration.stacked)
"""


def copy_packages(folder):
    """Copy common/ without the GPU paths, and mnist/ without committed runs."""
    ignored = {ROOT / "mnist" / "results", ROOT / "mnist" / "teachers"}
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


def hashes(folder):
    """{record's name: weights_sha256} of the runs in a folder."""
    records = (folder / "results").glob("*.json")
    return {path.stem: json.loads(path.read_text())["weights_sha256"] for path in records}


@pytest.mark.slow
def test_weights_are_the_same_without_accelerated(mnist_dir, tmp_path):
    copy, ours, theirs = tmp_path / "copy", tmp_path / "ours", tmp_path / "theirs"
    copy_packages(copy)
    arguments = [*DISTILL, "--data-dir", str(mnist_dir), "--output-dir"]
    module = copy / "common" / "training" / "acceleration.py"
    assert python(copy, *arguments, str(theirs)) == f"{module} None"
    assert acceleration.stacked is not None
    cli.main("mnist", [*arguments, str(ours)])
    assert hashes(ours) == hashes(theirs)
    assert len(hashes(ours)) == 4  # teacher, baseline, distilled student, control
