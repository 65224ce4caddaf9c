"""Training by a Ray of this machine: killed processes, errors, addresses and versions."""

import os
import socket
import subprocess
import sys

import pytest

from common import training
from common.runs import records
from common.utils import ray_executor, versions
from common.utils.ray_executor import RayExecutor
from tests.support.faults import KillOnce, executor, runs
from tests.support.helpers import assert_same_outcome

pytest.importorskip("ray")


@pytest.mark.slow
def test_faults_under_ray(tiny_run, few, logits, mnist_dir, tmp_path):
    """One Ray for all of it, because its start takes longer than the trainings."""
    distilled = {"teacher": logits.identity, "temperature": 4, "alpha": 0.5}
    many = [*runs(few, 2), tiny_run(seed=3, **distilled)]
    training.run(many, few, output_dir=tmp_path / "loop", teachers=[logits])
    with executor("ray", data_dir=mnist_dir) as pool:
        options = {"teachers": [logits], "executor": pool}
        (tmp_path / "marks").mkdir()
        kill = {"callbacks": [KillOnce(tmp_path / "marks")]}
        training.run(many, few, output_dir=tmp_path / "killed", **kill, **options)
        assert_same_outcome(tmp_path / "loop", tmp_path / "killed", many)
        assert resumed_epochs(tmp_path / "marks") == {0}  # no shared folder: from the start

        pool.shared_dir = tmp_path / "shared"
        (tmp_path / "more").mkdir()
        kill = {"callbacks": [KillOnce(tmp_path / "more")]}
        training.run(many, few, output_dir=tmp_path / "shared-run", **kill, **options)
        assert_same_outcome(tmp_path / "loop", tmp_path / "shared-run", many)
        assert resumed_epochs(tmp_path / "more") == {0, 2}

        diverging = {"learning_rate": 1e30, "optimizer": "sgd", "schedule": "constant", "epochs": 1}
        wrong, right = tiny_run(diverging), tiny_run({"epochs": 1}, seed=1)
        with pytest.raises(FloatingPointError, match=f"the loss of {wrong.name} is no longer"):
            training.run([wrong, right], few, output_dir=tmp_path / "failed", executor=pool)
        assert records.read(tmp_path / "failed", right)

        (tmp_path / "file").touch()
        pool.data_dir = tmp_path / "file"
        with pytest.raises(ValueError, match=r"node \S+ lacks the data set mnist"):
            training.run(runs(few, 1), few, output_dir=tmp_path / "lacks", executor=pool)


def resumed_epochs(folder):
    """The epochs, counted from 0, with which the attempts of `KillOnce` began."""
    return {int(path.name.partition("-")[2]) for path in folder.glob("*-*")}


def test_addresses_that_do_not_answer(monkeypatch):
    monkeypatch.setattr(ray_executor, "ANSWER_SECONDS", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        closed = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(ValueError, match=f"no Ray answers at {closed} .*refused"):
            RayExecutor(closed)
        silent.listen()
        with pytest.raises(ValueError, match=f"no Ray answers at {closed} .*timed out"):
            RayExecutor(closed)
    with pytest.raises(ValueError, match="must be HOST:PORT or auto, got 'published'"):
        RayExecutor("published")


def test_the_time_for_an_answer_is_below_ten_seconds():
    """A silent server has the time to connect and that to answer; another kind answers at once."""
    assert 2 * ray_executor.ANSWER_SECONDS < 10 and ray_executor.TRIES < 10


JOIN = """
from common.utils.ray_executor import TRIES, RayExecutor
try:
    RayExecutor("127.0.0.1:1")
except ValueError:
    import ray
    print(ray._private.ray_constants.NUM_REDIS_GET_RETRIES == TRIES)
"""


def test_ray_tries_only_for_seconds_to_join_what_is_no_cluster():
    """Ray's default is 20 tries; Ray reads the number when it is imported."""
    out = subprocess.run([sys.executable, "-c", JOIN], capture_output=True, text=True)
    assert out.stdout == "True\n"


def test_another_version_is_named():
    result, error = ray_executor._call(1, "Python 3.9.1 and code 0123456789", b"", [])
    assert result is None
    assert f"{versions.software()}, but the driver has Python 3.9.1 and code 0123" in str(error)
    assert os.uname().nodename in str(error)
