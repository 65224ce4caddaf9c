"""Local workers: results, errors, killed processes, and their end with the parent."""

import os
import signal
import subprocess
import sys
import time

import pytest

from common.utils import workers
from common.utils.workers import LocalWorkers
from tests.support.helpers import wait_until


def process():
    time.sleep(0.2)  # so that no worker takes two
    return os.getpid(), workers.thread_limit()


def fail(message):
    raise ValueError(message)


class NotPicklable(Exception):
    def __init__(self, first, second):
        super().__init__(first)


def fail_strangely():
    raise NotPicklable("no", "pickle")


def die_once(marker):
    if not os.path.exists(marker):
        open(marker, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def sleep(marker):
    with open(marker, "w") as file:
        file.write(str(os.getpid()))
    time.sleep(60)


def test_calls_run_in_other_processes_with_their_share_of_the_threads():
    with LocalWorkers(2, threads=3) as pool:
        results = [future.result() for future in [pool.submit(process) for _ in range(4)]]
    assert len({pid for pid, _ in results} - {os.getpid()}) == 2
    assert {threads for _, threads in results} == {3}
    assert workers.thread_limit() is None
    assert LocalWorkers(2 * workers.cores()).threads == 1


def test_errors_come_back():
    with LocalWorkers(1) as pool:
        with pytest.raises(ValueError, match="wrong"):
            pool.submit(fail, "wrong").result()
        with pytest.raises(RuntimeError, match="NotPicklable: no"):
            pool.submit(fail_strangely).result()


def test_a_function_whose_worker_is_killed_is_called_again(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "ATTEMPTS", 2)
    with LocalWorkers(1) as pool:
        assert pool.submit(die_once, str(tmp_path / "marker")).result() == "done"
        with pytest.raises(ChildProcessError, match="a worker died 2 times"):
            pool.submit(die).result()


def wait_for(path):
    wait_until(lambda: path.exists() and path.read_text())
    return int(path.read_text())


def is_running(pid):
    """Whether a process exists and is no zombie."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


needs_proc = pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="needs /proc")


@needs_proc
def test_an_interrupted_parent_ends_its_workers_at_once(tmp_path):
    with pytest.raises(KeyboardInterrupt), LocalWorkers(1) as pool:
        pool.submit(sleep, str(tmp_path / "pid"))
        pid, began = wait_for(tmp_path / "pid"), time.perf_counter()
        raise KeyboardInterrupt
    assert not is_running(pid) and time.perf_counter() - began < 5


PARENT = """
import sys
from common.utils.workers import LocalWorkers
from tests.utils.test_workers import sleep
if __name__ == "__main__":
    LocalWorkers(1).submit(sleep, sys.argv[1]).result()
"""


@needs_proc
def test_workers_end_with_a_killed_parent(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path or "." for path in sys.path)}
    parent = subprocess.Popen([sys.executable, script, tmp_path / "pid"], env=environment)
    pid = wait_for(tmp_path / "pid")
    parent.kill()
    parent.wait()
    end = time.perf_counter() + 20
    while is_running(pid) and time.perf_counter() < end:
        time.sleep(0.05)
    assert not is_running(pid)


def test_no_workers_are_refused():
    with pytest.raises(ValueError, match="workers must be a whole number of at least 1, got 0"):
        LocalWorkers(0)


class Lost:
    """An argument that no other process can read."""

    def __reduce__(self):
        return fail, ("defined only here",)


def test_what_the_other_process_cannot_read_is_an_error(tmp_path):
    with LocalWorkers(1) as pool:
        with pytest.raises(ValueError, match="defined only here"):
            pool.submit(os.getpid, Lost()).result()
        with pytest.raises(ValueError, match="defined only here"):
            pool.submit(Lost).result()
        assert pool.submit(abs, -1).result() == 1


def test_a_function_of_a_notebook_is_named(monkeypatch):
    def build():
        """Found in this process, as in a notebook's kernel, but not in a worker."""

    build.__module__, build.__qualname__ = "__main__", "build"
    monkeypatch.setattr(sys.modules["__main__"], "build", build, raising=False)
    with LocalWorkers(1) as pool, pytest.raises(ValueError, match=r"'build' .*into a module"):
        pool.submit(build).result()
