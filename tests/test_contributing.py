"""The changes that CONTRIBUTING.md shows are small, and they work on a copy of the repository."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from common import metrics
from common.data import Dataset, Split
from common.runs import Recipe, Run, logits_file, records

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
SECTIONS = {
    title: re.search(r"```diff\n(.*?)```", body, re.DOTALL)[1]
    for title, body in re.findall(r"### (.*?)\n(.*?)(?=\n### |\Z)", TEXT, re.DOTALL)
}

USE = """
import numpy as np
from scipy import special
from common import metrics, models, results
from common.runs import records
from common.side_by_side import SideBySide, Student

rng = np.random.default_rng(0)
images, labels = rng.integers(0, 256, (40, 8, 8, 1)).astype("uint8"), rng.integers(0, 3, 40)
targets = rng.normal(0, 3, (40, 3)).astype("float32")

student = models.build("linear", (8, 8, 1), 3, seed=1)
assert student.count_params() == 64 * 3 + 3
before = student.predict(images, verbose=0)
both = SideBySide({"distilled": Student(student, temperature=1, alpha=1, method="mse")})
both.compile("sgd")
loss = both.evaluate(images, {"labels": labels, "teacher": targets}, verbose=0, return_dict=True)
expected = np.mean((before.astype("float64") - targets) ** 2) / 2
np.testing.assert_allclose(loss["distilled_loss"], expected, rtol=1e-5)
both.fit(images, {"labels": labels, "teacher": targets}, epochs=1, verbose=0)
assert np.abs(student.predict(images, verbose=0) - before).max() > 0

values = metrics.summary(targets, labels)
brier = np.mean(np.sum((special.softmax(targets.astype("float64"), 1) - np.eye(3)[labels]) ** 2, 1))
np.testing.assert_allclose(values["brier_score"], brier)
record = {"configuration": {"dataset": "x", "limit": None}, "images": {"test": 40}}
record |= {"test": values, "validation": values}
group = results.SeedGroup(record["configuration"], {0: record})
header, _, row, *_ = results.seeds_table(group).splitlines()
column = header.split(" | ").index("Brier score")
assert row.split(" | ")[column] == f"{brier:.4f}", row

(finished,) = records.load_all("finished")  # before the measure was added
finished_logits = np.load("finished_logits.npy").astype("float64")
probabilities = special.softmax(finished_logits, 1)
brier = np.mean(np.sum((probabilities - np.eye(3)[np.load("finished_labels.npy")]) ** 2, 1))
np.testing.assert_allclose(finished["test"]["brier_score"], brier, rtol=1e-2)
print("used")
"""


@pytest.mark.parametrize("title", SECTIONS)
def test_every_change_is_under_ten_lines(title):
    added = re.findall(r"^\+(?!\+\+)(?=.*\S).+$", SECTIONS[title], re.MULTILINE)
    assert 0 < len(added) < 10


@pytest.fixture
def copy(tmp_path):
    """A copy of `common` without its data."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "common", tmp_path / "common", ignore=ignored)
    return tmp_path


def apply(diff, folder):
    command = ["git", "apply", "--recount", "--whitespace=nowarn", "-"]
    for one in re.split(r"^(?=--- )", diff, flags=re.MULTILINE)[1:]:  # a file each
        done = subprocess.run(command, input=one, cwd=folder, text=True, capture_output=True)
        assert done.returncode == 0, f"{done.stderr}{one}"


@pytest.mark.parametrize("title", ["A data set", "A figure"])
def test_the_other_changes_apply(copy, title):
    apply(SECTIONS[title], copy)
    for path in re.findall(r"^\+\+\+ b/(.*)$", SECTIONS[title], re.MULTILINE):
        compile((copy / path).read_text(), path, "exec")


@pytest.fixture
def finished(copy):
    """A run in the copy's folder `finished`, as training writes it before the change."""
    rng = np.random.default_rng(1)
    logits, labels = rng.normal(0, 3, (50, 3)).astype("float32"), rng.integers(0, 3, 50)
    np.save(copy / "finished_logits.npy", logits)
    np.save(copy / "finished_labels.npy", labels)
    images = rng.integers(0, 256, (50, 8, 8, 1)).astype("uint8")
    dataset = Dataset("small", ("a", "b", "c"), *[Split(images, labels)] * 3)
    run = Run("small", "mlp", Recipe(epochs=1))
    both = {"validation": logits, "test": logits}
    logits_file.write(records.path(copy / "finished", run), "ab" * 32, dataset, both)
    values = {split: metrics.summary(logits, labels) for split in both}
    values |= {"parameters": 1, "curve": {}, "weights_sha256": "ab" * 32, "images": {"test": 50}}
    records.write(copy / "finished", run, values)
    return copy / "finished"


@pytest.mark.slow
def test_a_method_a_measure_and_a_network_work_on_a_copy(copy, finished):
    for title in ("A distillation method", "A measure", "A network"):
        apply(SECTIONS[title], copy)
    done = subprocess.run(
        [sys.executable, "-c", USE], cwd=copy, text=True, capture_output=True, timeout=120
    )
    assert done.stdout == "used\n", done.stderr
