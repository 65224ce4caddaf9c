"""Provenance of a record: the commit that its code is of."""

import re
import subprocess

import pytest

from common.backend import hardware
from common.runs import provenance


@pytest.mark.parametrize(("used", "recorded"), [(True, {}), (False, {"onednn": False}), (None, {})])
def test_a_record_tells_where_tensorflow_computed_without_onednn(used, recorded, monkeypatch):
    monkeypatch.setattr(hardware, "uses_onednn", lambda: used)
    assert {k: v for k, v in provenance.environment().items() if k == "onednn"} == recorded


def test_the_commit_of_a_record_has_a_plus_if_python_files_were_changed(tmp_path):
    checkout, code = tmp_path / "checkout", tmp_path / "checkout" / "package" / "code.py"
    code.parent.mkdir(parents=True)
    table = checkout / "table.json"
    for path in (code, table):
        path.write_text("1")
    identity = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    for command in (["init", "-q"], ["add", "."], [*identity, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", *command], cwd=checkout, check=True)
    commit = provenance.git_commit(code.parent)
    assert re.fullmatch("[0-9a-f]{10}", commit)
    table.write_text("2")
    (checkout / "new.json").write_text("3")
    assert provenance.git_commit(code.parent) == commit
    code.write_text("2")
    assert provenance.git_commit(code.parent) == f"{commit}+"
    assert provenance.git_commit(tmp_path) is None
