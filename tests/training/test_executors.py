"""Training by an executor: the same records as one group after the other, faults, waiting."""

import os
import pickle
import queue
import signal
import threading
import warnings
from concurrent.futures import Future

import keras
import pytest

from common import teachers, training
from common.distillation import Distillation
from common.runs import records
from common.training import executors
from common.utils import files
from common.utils.workers import LocalWorkers, cores
from tests.support.helpers import assert_same_outcome, wait_until
from tests.support.interrupted import Slow


class Inline:
    """Executor that pickles a task, as one in other processes does, and runs it at once."""

    def __init__(self, workers):
        self.workers, self.tasks = workers, 0

    def submit(self, function, *arguments):
        future, self.tasks = Future(), self.tasks + 1
        try:
            message = pickle.dumps((function, arguments))
            assert len(message) < 10_000  # no images, no logits
            function, arguments = pickle.loads(message)
            future.set_result(function(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future


class Warn(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        warnings.warn("look here", stacklevel=1)


@pytest.fixture
def runs(tiny_run, logits):
    """A baseline and a distilled student of two seeds."""
    distilled = {"teacher": logits.identity, "temperature": 4, "alpha": 0.5}
    return [
        tiny_run({"epochs": 1}, seed=seed, **kind) for seed in (0, 1) for kind in ({}, distilled)
    ]


def test_records_are_those_of_the_loop(runs, few, logits, tmp_path, capsys):
    loop, executor = tmp_path / "loop", Inline(3)
    expected = training.run(runs, few, output_dir=loop, teachers=[logits])
    capsys.readouterr()
    options = {"output_dir": tmp_path / "tasks", "teachers": [logits], "executor": executor}
    made = training.run(runs[:3], few, callbacks=[Warn()], **options)
    assert [record["weights_sha256"] for record in made] == [
        record["weights_sha256"] for record in expected[:3]
    ]
    printed = capsys.readouterr().out
    assert "3 runs finished, 0 running, 0 waiting" in printed
    assert f"{runs[0].name}: look here" in printed and "side by side" not in printed
    all_made = training.run(runs, few, **options)
    for key in ("weights_sha256", "curve", "test", "validation"):
        assert [record[key] for record in all_made] == [record[key] for record in expected]
    assert not list((tmp_path / "tasks" / "state").glob("data-*"))
    before = executor.tasks
    assert training.run(runs, few, **options)[:3] == made and executor.tasks == before


def test_groups_that_are_left_over_are_split(tiny_run, tmp_path):
    groups = [[tiny_run(seed=seed, options={"width": w}) for w in (1, 2, 3)] for seed in range(3)]
    sizes = lambda workers, done=(): [  # noqa: E731
        len(task) for task in executors.tasks(Inline(workers), groups, done, tmp_path)
    ]
    assert sizes(1) == sizes(3) == [3, 3, 3]
    assert sizes(2) == [3, 3, 2, 1]
    assert sizes(2, {groups[2][1].name}) == [3, 3, 2]
    assert sizes(4) == [1] * 9
    assert executors.tasks(Inline(2), [groups[0][:1]], (), tmp_path) == []  # one run: this process


def test_a_failing_group_does_not_stop_the_others(tiny_run, few, tmp_path, capsys):
    diverging = {"learning_rate": 1e30, "optimizer": "sgd", "schedule": "constant", "epochs": 1}
    wrong = [tiny_run(diverging, seed=seed) for seed in (0, 1)]
    right = [tiny_run({"epochs": 1}, seed=seed) for seed in (0, 1)]
    listed = f"2 of 4 groups of runs failed: {wrong[0].name}: the l.*{wrong[1].name}: the l"
    with pytest.raises(FloatingPointError, match=listed):
        training.run([*wrong, *right], few, output_dir=tmp_path, executor=Inline(1))
    assert "2 runs finished, 0 running, 0 waiting, 2 failed" in capsys.readouterr().out
    assert all(records.read(tmp_path, run) for run in right)


class RefusesFirst(Inline):
    """Executor that cannot send its first task."""

    def submit(self, function, *arguments):
        if not self.tasks:
            self.tasks = 1
            raise OSError("the disk is full")
        return super().submit(function, *arguments)


def test_a_group_that_cannot_be_sent_does_not_stop_the_others(tiny_run, few, tmp_path):
    runs = [tiny_run({"epochs": 1}, seed=seed) for seed in (0, 1)]
    with pytest.raises(OSError, match="the disk is full"):
        training.run(runs, few, output_dir=tmp_path, executor=RefusesFirst(1))
    assert not records.read(tmp_path, runs[0]) and records.read(tmp_path, runs[1])


def test_logits_that_fail_are_computed_once_for_all_students(tiny_run, few, logits, tmp_path):
    """Their computation may take minutes before it fails."""
    calls = []

    def make():
        calls.append(1)
        raise OSError("the disk is full")

    lazy = teachers.LazyLogits(logits.identity, few.name, make)
    settings = {"teacher": lazy.identity, "distillation": Distillation(4.0, 0.9)}
    runs = [tiny_run({"epochs": 1}, seed=seed, **settings) for seed in (0, 1)]
    with pytest.raises(OSError, match="the disk is full"):
        training.run(runs, few, teachers=[lazy], output_dir=tmp_path, executor=Inline(1))
    assert len(calls) == 1


class Fails(Inline):
    """Executor whose tasks all raise errors of one class, made by a function."""

    def __init__(self, error):
        super().__init__(workers=1)
        self.error = error

    def submit(self, function, *arguments):
        future = Future()
        future.set_exception(self.error())
        return future


def test_errors_of_any_class_are_listed(tiny_run, few, tmp_path):
    """UnicodeDecodeError, like classes of Keras, cannot be made from a message alone."""
    runs = [tiny_run(seed=seed) for seed in (0, 1)]
    executor = Fails(lambda: UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"))
    listed = f"2 of 2 groups of runs failed: {runs[0].name}: 'utf-8' .*; {runs[1].name}: 'utf-8' "
    with pytest.raises(UnicodeDecodeError, match=listed):
        training.run(runs, few, output_dir=tmp_path, executor=executor)


class DieEachEpoch(keras.callbacks.Callback):
    """Callback that raises what an executor raises for a dead process, after `epochs` epochs."""

    def __init__(self, epochs):
        super().__init__()
        self.epochs = epochs

    def on_train_begin(self, logs=None):
        self.left = self.epochs

    def on_epoch_begin(self, epoch, logs=None):
        if not self.left:
            raise ChildProcessError("a worker died")
        self.left -= 1


def test_a_task_that_gets_on_between_the_deaths_of_its_workers_is_repeated(tiny_run, few, tmp_path):
    run, executor = tiny_run({"epochs": 3}), Inline(1)
    options = {"executor": executor, "output_dir": tmp_path / "dies"}
    with pytest.raises(ChildProcessError, match="a worker died"):
        training.run([run], few, callbacks=[DieEachEpoch(0)], **options)
    assert executor.tasks == 1
    training.run([run], few, callbacks=[DieEachEpoch(1)], **options)
    assert executor.tasks == 1 + 3
    training.run([run], few, output_dir=tmp_path / "loop")
    assert_same_outcome(tmp_path / "loop", tmp_path / "dies", [run])


def test_callbacks_that_cannot_be_sent_are_refused(runs, few, logits, tmp_path):
    options = {"output_dir": tmp_path, "teachers": [logits], "executor": Inline(2)}
    callback = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None)
    with pytest.raises(ValueError, match="callbacks cannot be sent to worker processes"):
        training.run(runs, few, callbacks=[callback], **options)


def test_a_run_that_another_process_trains_is_waited_for(tiny_run, few, tmp_path, monkeypatch):
    run, found, lines = tiny_run({"epochs": 1}), [], queue.Queue()
    monkeypatch.setattr(files, "print", lambda line, **_: lines.put(line), raising=False)

    def train_again():
        found.extend(training.run([run], few, output_dir=tmp_path))

    other = threading.Thread(target=train_again)

    def start(epoch, logs):
        other.start()
        assert lines.get(timeout=60).startswith("waiting for another process")

    callback = keras.callbacks.LambdaCallback(on_epoch_begin=start)
    trained = training.run([run], few, output_dir=tmp_path, callbacks=[callback])
    other.join(60)
    assert found == trained


def test_finished_runs_are_not_locked(tiny_run, few, tmp_path):
    run = tiny_run({"epochs": 1})
    training.run([run], few, output_dir=tmp_path / "done")
    training.run([run], few, output_dir=tmp_path / "new", read_dirs=[tmp_path / "done"])
    assert not (tmp_path / "new" / "state").exists()


def kill_when(path, process_ids):
    """Kill the process that writes the first checkpoint below `path`."""
    wait_until(lambda: any(path.glob("state/[!.]*.npz")))
    os.kill(process_ids()[0], signal.SIGKILL)


@pytest.mark.slow
def test_a_killed_worker_is_replaced(tiny_run, few, tmp_path):
    runs = [tiny_run({"epochs": 4}, seed=seed) for seed in (0, 1, 2)]
    training.run(runs, few, output_dir=tmp_path / "loop")
    with LocalWorkers(2, threads=cores()) as pool:
        pids = lambda: [worker.pid for worker in pool.running()]  # noqa: E731
        killer = threading.Thread(target=kill_when, args=(tmp_path / "pool", pids), daemon=True)
        killer.start()
        options = {"output_dir": tmp_path / "pool", "callbacks": [Slow()], "executor": pool}
        training.run(runs, few, **options)
        killer.join()
    assert_same_outcome(tmp_path / "loop", tmp_path / "pool", runs)
