"""Faults of drivers and workers, with real processes: nothing is lost, nothing is trained twice."""

import importlib.util
import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest

from common import training
from common.runs import records
from tests.support import faults
from tests.support.helpers import assert_same_outcome, wait_until
from tests.utils.test_workers import is_running, needs_proc

pytestmark = [pytest.mark.slow, needs_proc]
SECONDS = 300  # that a training may take on a busy machine
KINDS = ["workers", "ray"]


@pytest.fixture(params=KINDS)
def kind(request):
    if request.param == "ray" and importlib.util.find_spec("ray") is None:
        pytest.skip("Ray is not installed")
    return request.param


def start_driver(kind, mnist_dir, output, pids):
    """A process that trains three runs, two at once; it returns once a worker trains.

    Or once it has ended, because another driver had trained them all.
    """
    pids.mkdir(exist_ok=True)
    before = {*pids.iterdir()}
    command = [sys.executable, "-m", "tests.support.faults", kind, mnist_dir, output, pids]
    process = subprocess.Popen(command)
    wait_until(lambda: {*pids.iterdir()} - before or process.poll() is not None)
    return process


def numbers(pids):
    return [int(path.name) for path in pids.iterdir()]


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_a_driver_that_ends_leaves_no_worker_and_resumable_state(
    few, mnist_dir, tmp_path, kind, sent
):
    runs, folder, pids = faults.runs(few, 3), tmp_path / "output", tmp_path / "pids"
    process = start_driver(kind, mnist_dir, folder, pids)
    wait_until(lambda: records.read(folder, runs[0]) or records.read(folder, runs[1]))
    process.send_signal(sent)
    began = time.monotonic()
    process.wait(60)
    wait_until(lambda: not any(map(is_running, numbers(pids))), 60)
    assert sent != signal.SIGINT or time.monotonic() - began < 20
    written = {path: path.stat().st_mtime_ns for path in (folder / "results").glob("[!.]*.json")}
    training.run(runs, few, output_dir=folder)
    assert {path: path.stat().st_mtime_ns for path in written} == written
    training.run(runs, few, output_dir=tmp_path / "loop")
    assert_same_outcome(tmp_path / "loop", folder, runs)


def test_two_drivers_share_the_work(few, mnist_dir, tmp_path, kind):
    runs, folder = faults.runs(few, 3), tmp_path / "output"
    drivers = [start_driver(kind, mnist_dir, folder, tmp_path / f"pids {n}") for n in (1, 2)]
    assert [driver.wait(SECONDS) for driver in drivers] == [0, 0]
    training.run(runs, few, output_dir=tmp_path / "loop")
    assert_same_outcome(tmp_path / "loop", folder, runs)


def kill_workers(pids, finished, count, seed):
    """Kill `count` random workers, one after the other, until all runs are `finished`.

    Between two kills a few epochs begin, on a machine of any speed.
    """
    rng, killed = random.Random(seed), []
    while len(killed) < count and not finished.is_set():
        begun = epochs(pids) + rng.randint(1, 8)
        while epochs(pids) < begun and not finished.wait(0.05):
            pass
        finished.wait(rng.uniform(0, 0.5))
        alive = [number for number in numbers(pids) if is_running(number)]
        if alive:
            killed.append(rng.choice(alive))
            os.kill(killed[-1], signal.SIGKILL)
    return killed


def epochs(pids):
    """Number of epochs that all workers have begun."""
    return sum(path.stat().st_size for path in pids.iterdir())


@pytest.mark.soak
def test_twenty_random_kills_among_twelve_tasks(few, mnist_dir, tmp_path, kind):
    runs, pids, killed = faults.runs(few, 12, epochs=15), tmp_path / "pids", []
    training.run(runs, few, output_dir=tmp_path / "loop")
    pids.mkdir()
    finished = threading.Event()
    killer = threading.Thread(target=lambda: killed.extend(kill_workers(pids, finished, 20, 0)))
    options = {"data_dir": mnist_dir, "shared_dir": tmp_path / "shared"} if kind == "ray" else {}
    with faults.executor(kind, **options) as pool:
        killer.start()
        try:
            callbacks = [faults.NotePid(pids)]
            options = {"output_dir": tmp_path / "pool", "callbacks": callbacks, "executor": pool}
            training.run(runs, few, **options)
        finally:
            finished.set()
            killer.join()
    assert len(killed) == 20
    assert_same_outcome(tmp_path / "loop", tmp_path / "pool", runs)
    assert len(list((tmp_path / "pool" / "results").glob("*.json"))) == 12
