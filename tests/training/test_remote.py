"""Tasks of executors that share no files with the driver: what is sent, returned, written."""

import dataclasses
import pickle
import threading
from concurrent.futures import Future

import numpy as np
import pytest

from common import data, teachers, training
from common.runs import records
from common.training import remote, worker
from common.training.sent_logits import sendable
from common.training.worker import NamedDataset, content_of
from tests.support.helpers import assert_same_outcome
from tests.training.test_executors import Inline


class Remote(Inline):
    """Executor that runs a pickled task at once and shares no files.

    One task after the other, as in a worker process, whose output a task captures.
    """

    shares_files = False

    def __init__(self, data_dir, shared_dir=None):
        super().__init__(workers=2)
        self.data_dir, self.shared_dir = data_dir, shared_dir
        self.process = threading.Lock()

    def put(self, value):
        return Reference(pickle.dumps(value))

    def submit(self, function, *arguments):
        values = [a.value() if isinstance(a, Reference) else a for a in arguments]
        future, self.tasks = Future(), self.tasks + 1
        try:
            with self.process:
                future.set_result(function(*values))
        except Exception as error:
            future.set_exception(error)
        return future


class Reference:
    def __init__(self, pickled):
        self.pickled = pickled

    def value(self):
        return pickle.loads(self.pickled)


@pytest.fixture
def pair(tiny_run, logits):
    """A baseline and a distilled student."""
    settings = {"teacher": logits.identity, "temperature": 4, "alpha": 0.5}
    return [tiny_run(), tiny_run(seed=1, **settings)]


@pytest.mark.parametrize("shared", [False, True])
def test_records_and_weights_are_those_of_the_loop(pair, few, logits, mnist_dir, tmp_path, shared):
    training.run(pair, few, output_dir=tmp_path / "loop", teachers=[logits])
    executor = Remote(mnist_dir, tmp_path / "shared" if shared else None)
    options = {"output_dir": tmp_path / "remote", "teachers": [logits], "executor": executor}
    made = training.run(pair, few, **options)
    assert_same_outcome(tmp_path / "loop", tmp_path / "remote", pair)
    assert training.run(pair, few, **options) == made and executor.tasks == 2
    left = [path for path in (tmp_path / "shared").rglob("*") if path.is_file()]
    assert {path.parent.parent.parent.name for path in left} == ({"teachers"} if shared else set())
    assert not list((tmp_path / "remote" / "state").glob("*.npz"))


def test_sent_logits_give_the_same_targets(logits, few):
    sent = pickle.loads(pickle.dumps(sendable(logits)))
    assert sent.identity == logits.identity and sent.dataset == logits.dataset
    for split in ("train", "validation", "test"):
        images = getattr(few, split).images[::-1]
        pairs = (each.targets(split, images).unaugmented() for each in (sent, logits))
        np.testing.assert_array_equal(*pairs)


def test_logits_of_one_name_in_a_shared_folder(few, tmp_path):
    """Two teachers that differ in the training logits alone are two folders."""
    right = {s: 5 * np.eye(10)[getattr(few, s).labels] for s in teachers.SPLITS}
    softer = right | {"train": right["train"] / 2}
    pair = [
        teachers.from_logits(few, name="same", **values, output_dir=tmp_path / folder)
        for folder, values in (("right", right), ("softer", softer))
    ]
    copies = [remote._copied(logits, tmp_path / "shared") for logits in pair]
    assert [copy.identity for copy in copies] == [logits.identity for logits in pair]
    for copy, logits in zip(copies, pair, strict=True):
        np.testing.assert_array_equal(copy.stored("train"), logits.stored("train"))


def test_a_node_without_the_data_is_named(few, tmp_path, monkeypatch):
    monkeypatch.setattr(worker.platform, "node", lambda: "node-7")
    (tmp_path / "file").touch()
    content = content_of(few)
    with pytest.raises(ValueError, match=r"node node-7 lacks the data set mnist: .* is a file"):
        NamedDataset("mnist", 100, str(tmp_path / "file"), content).load()
    with monkeypatch.context() as patch, pytest.raises(ValueError, match="node-7 lacks the data"):
        patch.setattr(data, "load", lambda *_, **__: few)  # as mnist5k is loaded for mnist
        NamedDataset("another", 100, None, content).load()


def test_a_node_with_other_data_is_named(few, mnist_dir, monkeypatch):
    monkeypatch.setattr(worker.platform, "node", lambda: "node-7")
    with pytest.raises(ValueError, match="node node-7 has other images of mnist than the driver"):
        NamedDataset("mnist", 100, str(mnist_dir), "0" * 16).load()
    assert NamedDataset("mnist", 100, str(mnist_dir), content_of(few)).load().name == "mnist"


def test_data_outside_the_catalogue_are_sent(tiny_run, few, tmp_path):
    split = (few.train.images, few.train.labels)
    digits = data.from_arrays("digits", split, validation=split, test=split)
    run = dataclasses.replace(tiny_run({"epochs": 1}), **digits.identity)
    made = training.run([run], digits, output_dir=tmp_path, executor=Remote(None))
    assert made == [records.read(tmp_path, run)]


def test_a_second_driver_waits_and_trains_nothing(tiny_run, few, mnist_dir, tmp_path):
    run, entered, found = tiny_run({"epochs": 1}), threading.Event(), []

    class Waits(Remote):
        def submit(self, *arguments):
            entered.set()
            other.join(2)  # the other driver waits for the lock meanwhile
            assert other.is_alive()
            return super().submit(*arguments)

    second = Remote(mnist_dir)
    options = {"output_dir": tmp_path}

    def drive():
        entered.wait(60)
        found.extend(training.run([run], few, executor=second, **options))

    other = threading.Thread(target=drive)
    other.start()
    made = training.run([run], few, executor=Waits(mnist_dir), **options)
    other.join(60)
    assert found == made and second.tasks == 0
