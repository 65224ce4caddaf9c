"""Runs resume from a checkpoint, whatever they are trained with by the call that resumes them."""

import pytest

from common import training
from common.runs import provenance, records
from common.training import checkpoints, fit, group, resumption
from tests.support.helpers import InterruptAt
from tests.training.test_executors import Inline


class InterruptGroupOf(InterruptAt):
    """`InterruptAt` in one epoch of trainings of `size` students."""

    def __init__(self, size, epoch):
        super().__init__()
        self.size, self.at = size, epoch

    def on_train_batch_end(self, batch, logs=None):
        if len(self.model.models) == self.size and self.epoch == self.at:
            super().on_train_batch_end(batch, logs)


@pytest.fixture
def trained_epochs(monkeypatch):
    """List of (number of students, epoch) of every epoch that begins."""
    began, epochs = fit.EpochCheckpoint.on_epoch_begin, []

    def record(self, epoch, logs=None):
        epochs.append((len(self.job.members), epoch))
        began(self, epoch, logs)

    monkeypatch.setattr(fit.EpochCheckpoint, "on_epoch_begin", record)
    return epochs


@pytest.fixture
def runs(tiny_run, logits):
    """Baseline, distilled student and its control, which train side by side."""
    settings = {"teacher": logits.identity, "temperature": 4, "alpha": 0.5}
    return [tiny_run(), tiny_run(**settings), tiny_run(**settings, control="shuffled")]


@pytest.fixture
def train(few, logits, tmp_path):
    """Function that trains runs into one folder."""
    options = {"output_dir": tmp_path / "parts", "teachers": [logits]}
    return lambda runs, **more: training.run(runs, few, **options, **more)


@pytest.fixture
def assert_as_uninterrupted(runs, few, logits, tmp_path):
    """Function that compares the folder with one uninterrupted training of all runs."""

    def check():
        whole = training.run(runs, few, output_dir=tmp_path / "whole", teachers=[logits])
        parts = [records.read(tmp_path / "parts", run) for run in runs]
        for key in ("weights_sha256", "curve", "test", "validation"):
            assert [record[key] for record in parts] == [record[key] for record in whole]
        assert not list((tmp_path / "parts").glob("state/*.npz"))

    return check


def interrupt(train, runs, size, epoch=1, **options):
    with pytest.raises(KeyboardInterrupt):
        train(runs, callbacks=[InterruptGroupOf(size, epoch)], **options)


def test_a_part_resumes_after_the_other_part_of_its_group_has_finished(
    runs, train, trained_epochs, assert_as_uninterrupted
):
    """Two workers train two runs and one run; the two are interrupted after the one has ended."""
    train(runs[1:2])
    interrupt(train, [runs[0], runs[2]], size=2, executor=Inline(1))
    trained_epochs.clear()
    train(runs, executor=Inline(2))
    assert trained_epochs == [(2, 1)]
    assert_as_uninterrupted()


def test_runs_resume_among_another_number_of_workers(
    runs, train, trained_epochs, assert_as_uninterrupted
):
    interrupt(train, runs, size=3)
    trained_epochs.clear()
    train(runs, executor=Inline(3))
    assert trained_epochs == [(3, 1)]
    assert_as_uninterrupted()


def test_runs_resume_beside_a_new_one(runs, train, trained_epochs, assert_as_uninterrupted):
    interrupt(train, runs[:2], size=2)
    trained_epochs.clear()
    train(runs)
    assert trained_epochs == [(2, 1), (1, 0), (1, 1)]
    assert_as_uninterrupted()


def test_the_checkpoint_of_a_process_that_was_waited_for_counts(
    runs, train, few, logits, trained_epochs, tmp_path
):
    """The group was made before the other process, which was killed, wrote its checkpoint."""
    interrupt(train, runs[:2], size=2)
    trained_epochs.clear()
    group.train_group(runs, (), few, tmp_path / "parts", {logits.identity: logits})
    assert trained_epochs == [(2, 1), (1, 0), (1, 1)]


def test_the_record_of_a_run_that_changed_its_backend_names_both(runs, train, monkeypatch, capsys):
    with monkeypatch.context() as patched:
        patched.setattr(provenance, "environment", lambda: {"backend": "other", "device": "A"})
        interrupt(train, runs[:1], size=1)
    (record,) = train(runs[:1])
    assert record["earlier_environments"] == [{"backend": "other", "device": "A"}]
    assert record["backend"] != "other"
    assert "epochs up to 1 were computed by other, the next ones by " in capsys.readouterr().out


def test_of_two_checkpoints_of_a_run_that_with_more_epochs_resumes(
    tiny_run, train, trained_epochs, tmp_path
):
    runs = [tiny_run({"epochs": 3}, options={"width": width}) for width in (8, 16)]
    interrupt(train, runs, size=2)
    interrupt(train, runs[:1], size=1, epoch=2)
    trained_epochs.clear()
    train(runs)
    assert trained_epochs == [(1, 2), (1, 0), (1, 1), (1, 2)]
    train(runs)  # all are finished: the checkpoint of both is deleted
    assert not list((tmp_path / "parts").glob("state/*.npz"))


def test_a_run_without_the_others_of_its_checkpoint_starts_again_and_says_so(
    runs, train, trained_epochs, capsys
):
    interrupt(train, runs[:2], size=2)
    trained_epochs.clear()
    train(runs[:1])
    assert trained_epochs == [(1, 0), (1, 1)]
    said = f"resume only together, and {runs[1].name} is not trained with them: they start again"
    assert said in capsys.readouterr().out


def test_runs_that_are_finished_elsewhere_keep_their_checkpoint(
    runs, train, trained_epochs, few, logits, tmp_path
):
    """They are being trained again: a command that reads the other records leaves it there."""
    interrupt(train, runs, size=3)
    training.run(runs, few, output_dir=tmp_path / "done", teachers=[logits])
    train(runs, read_dirs=[tmp_path / "done"])
    trained_epochs.clear()
    train(runs)
    assert trained_epochs == [(3, 1)]


def test_the_record_of_a_run_that_another_machine_trained_to_the_end_names_it(
    runs, train, monkeypatch
):
    """Only its evaluation was left to this one."""
    other = {"backend": "tensorflow", "device": "A"}
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(provenance, "environment", lambda: other)
        patched.setattr(group.evaluation, "write_records", _interrupted)
        train(runs[:1])
    (record,) = train(runs[:1])
    assert record["earlier_environments"] == [other]


def _interrupted(*_):
    raise KeyboardInterrupt


def test_a_damaged_checkpoint_of_others_is_passed_over(runs, train, tmp_path, capsys):
    (tmp_path / "parts" / "state").mkdir(parents=True)
    (tmp_path / "parts" / "state" / "other.npz").write_bytes(b"damaged")
    train(runs[:1])
    assert "ignored: " in (said := capsys.readouterr().out) and "other.npz is damaged" in said


def test_a_checkpoint_that_another_process_is_writing(runs, tmp_path):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / ".12-34-other.npz").write_bytes(b"")
    assert resumption.split(runs, (), tmp_path) == [runs]


def test_a_checkpoint_that_another_process_deletes_before_it_is_read(runs, tmp_path, monkeypatch):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "other.npz").write_bytes(b"")
    load = checkpoints.np.load

    def load_late(path, **options):
        path.unlink()
        return load(path, **options)

    monkeypatch.setattr(checkpoints.np, "load", load_late)
    assert resumption.split(runs, (), tmp_path) == [runs]
