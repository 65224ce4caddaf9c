"""Resumed training: killed at any moment, it ends with bit-identical weights and records."""

import random
import subprocess
import sys
import time

import pytest

from common import training
from tests.support import interrupted
from tests.support.helpers import InterruptAt, assert_same_outcome


def state_of(folder):
    """Time of the newest checkpoint in ns; 0 without one. A temporary file begins with a dot."""
    return max((path.stat().st_mtime_ns for path in folder.glob("state/[!.]*.npz")), default=0)


def start(mnist_dir, folder, *options):
    command = [
        sys.executable,
        "-m",
        "tests.support.interrupted",
        str(mnist_dir),
        str(folder),
        *options,
    ]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def kill_in_training(mnist_dir, folder, wait):
    """Start a process, wait for one more checkpoint, kill it `wait` seconds later."""
    before, process = state_of(folder), start(mnist_dir, folder)
    while state_of(folder) == before:
        assert process.poll() is None, "ended before it was killed"
        time.sleep(0.01)
    time.sleep(wait)
    process.kill()
    assert process.wait() == -9, "ended before it was killed"


@pytest.mark.slow
def test_killed_processes_end_as_an_uninterrupted_one(few, mnist_dir, tmp_path):
    runs = interrupted.runs(few)
    seed = time.time_ns() % 10**6
    print(f"seed {seed}")  # pytest shows it if the test fails
    moments = random.Random(seed)
    for _ in range(2):
        kill_in_training(mnist_dir, tmp_path / "killed", moments.uniform(0, 0.6))
    between = start(mnist_dir, tmp_path / "killed", "--die-between-records")
    assert between.wait() == -9
    assert len(list((tmp_path / "killed" / "results").glob("*.json"))) == 1
    training.run(runs, few, output_dir=tmp_path / "killed")
    training.run(runs, few, output_dir=tmp_path / "uninterrupted")
    assert_same_outcome(tmp_path / "killed", tmp_path / "uninterrupted", runs)
    assert not list((tmp_path / "killed").glob("state/*.npz"))


@pytest.mark.slow
@pytest.mark.soak
def test_killed_twenty_times(few, mnist_dir, tmp_path):
    """Killed at random moments, ten of them while a checkpoint is written."""
    seed = time.time_ns() % 10**6
    process = start(mnist_dir, tmp_path / "killed", "--kills", "20", str(seed))
    assert process.wait() == 0, f"seed {seed}"
    run = interrupted.quick_run(few)
    training.run([run], few, output_dir=tmp_path / "uninterrupted")
    assert_same_outcome(tmp_path / "killed", tmp_path / "uninterrupted", [run])
    suffixes = {path.suffix for path in (tmp_path / "killed").rglob("*") if path.is_file()}
    assert suffixes == {".json", ".npz", ".h5", ".lock"}
    assert not list((tmp_path / "killed").glob("state/*.npz"))  # only logits, beside the record


@pytest.mark.slow
def test_interrupted_in_every_epoch(tiny_run, few, logits, tmp_path):
    recipe = {"epochs": 3, "optimizer": "sgd", "schedule": "steps", "milestones": (1, 2)}
    recipe |= {"batch_size": 30, "learning_rate": 0.05}  # 30 does not divide 100
    dropout = {"width": 16, "dropout": 0.3}
    settings = {"teacher": logits.identity, "temperature": 4, "alpha": 0.9}
    runs = [tiny_run(recipe), tiny_run(recipe, options=dropout, **settings)]
    runs += [tiny_run(recipe, **settings, control="shuffled")]
    interrupt = InterruptAt()
    options = {
        "output_dir": tmp_path / "interrupted",
        "teachers": [logits],
        "callbacks": [interrupt],
    }
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            training.run(runs, few, **options)
    resumed = training.run(runs, few, **options)
    uninterrupted = training.run(
        runs, few, output_dir=tmp_path / "uninterrupted", teachers=[logits]
    )
    assert [len(record["curve"]["loss"]) for record in resumed] == [3, 3, 3]
    assert_same_outcome(tmp_path / "interrupted", tmp_path / "uninterrupted", runs)
    losses = [record["curve"]["loss"] for record in resumed]
    assert losses[1] != losses[2] == uninterrupted[2]["curve"]["loss"]
