"""What the system reports of its processor and load, and what it may not report."""

import os

from common.backend import hardware


def test_load_average_is_unknown_where_the_system_reports_none(monkeypatch):
    monkeypatch.setattr(os, "getloadavg", lambda: (0.5, 1, 2), raising=False)
    assert hardware.load_average() == 0.5
    monkeypatch.delattr(os, "getloadavg")
    assert hardware.load_average() is None
