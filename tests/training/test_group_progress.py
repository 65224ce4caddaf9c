"""Progress of groups of runs, whose epochs end together."""

import concurrent.futures
import re
import types

import pytest

from common.training.group_progress import GroupProgress
from common.training.submitted_group import SubmittedGroup


class Group:
    """Three runs side by side of ten epochs, `saved` of them trained before this command."""

    count, epochs, error, running, future = 3, 10, None, True, None

    def __init__(self, saved):
        self.epochs_before = self.saved = saved
        self.future = self

    def done(self):
        return False

    def completed_epochs(self):
        return self.saved


@pytest.mark.parametrize(("saved", "left"), [([0, 0], "1:30:00"), ([5, 5], "40:00")])
def test_the_estimate_is_the_mean_rate_of_this_command(monkeypatch, capsys, saved, left):
    """Ten minutes an epoch of both groups, which end five seconds apart."""
    now = 1000.0
    monkeypatch.setattr("tqdm.std.time", lambda: now)
    groups = [Group(epochs) for epochs in saved]
    with GroupProgress(groups) as progress:
        for group, seconds in zip(groups, (595, 5), strict=True):
            now += seconds
            group.saved += 1
            progress.update()
        shown = capsys.readouterr().out.split("\r")[-1]
    assert re.search(r"10:00 so far, (\S+) left", shown)[1] == left


def test_a_group_that_failed_at_once_has_completed_no_epoch():
    class Tasks:
        folder = None

        def submit(self, members):
            future = concurrent.futures.Future()
            future.set_exception(ValueError("refused"))
            return future

    run = types.SimpleNamespace(name="a", recipe=types.SimpleNamespace(epochs=10))
    group = SubmittedGroup(Tasks(), [run], set())
    group.error = group.future.exception()
    assert group.completed_epochs() == 0
