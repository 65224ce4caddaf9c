"""Data folders of other users, remote ones, and users without a home folder."""

import contextlib
import os
import pwd
import shutil
import tempfile
from pathlib import Path

import pytest

from common import cli, data
from common.data import download
from common.utils import checks
from tests.data.test_data import same

NOBODY = 65534


@pytest.fixture
def shared(mnist_dir, mnist, monkeypatch):
    """A copy of the small TFDS folder in which every user may read."""
    monkeypatch.setattr(download, "answers", lambda url, seconds=5: False)
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        shutil.copytree(mnist_dir, Path(folder) / "data")
        shutil.rmtree(Path(folder) / "data" / "arrays")
        data.load("mnist", data_dir=Path(folder) / "data")  # imports TFDS, which only root may read
        yield Path(folder) / "data"


@contextlib.contextmanager
def another_user():
    """Context of a user whom permissions bind; only root has to become one."""
    if os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@contextlib.contextmanager
def locked(path):
    """Context in which another user may not read `path`."""
    mode = path.stat().st_mode
    path.chmod(0)
    try:
        with another_user():
            yield
    finally:
        path.chmod(mode)


@pytest.mark.parametrize("name", ["arrays", "arrays/mnist", "arrays/mnist/header.json"])
def test_a_cache_of_another_user_is_passed_over(shared, mnist, name):
    with (
        locked(shared / name),
        pytest.warns(
            UserWarning, match="may not read the array cache .*; reading the or"
        ) as caught,
    ):
        assert same(data.load("mnist", data_dir=shared), mnist)
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize("name", ["mnist", "mnist/3.0.1", "mnist/3.0.1/dataset_info.json"])
def test_data_of_another_user_are_refused(shared, name):
    shutil.rmtree(shared / "arrays")
    with (
        locked(shared / name),
        pytest.raises(ValueError, match=rf"{name} cannot be read by this user: .*chmod -R a\+rX"),
    ):
        data.load("mnist", data_dir=shared)


def test_an_archive_of_another_user_is_refused(shared):
    archive = shared / "downloads" / "manual" / "tiny-imagenet-200.zip"
    archive.parent.mkdir(parents=True)
    archive.touch()
    for path in (archive, archive.parent):
        with (
            locked(path),
            pytest.raises(ValueError, match=f"{path.name} cannot be read by this user"),
        ):
            data.load("tiny_imagenet", data_dir=shared)


@pytest.fixture
def homeless(monkeypatch):
    """A user without HOME and without an account, as in many containers."""

    def no_account(uid):
        raise KeyError(uid)

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("TFDS_DATA_DIR", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", no_account)


def test_without_a_home_the_data_folder_must_be_named(homeless, mnist_dir, mnist, monkeypatch):
    with pytest.raises(ValueError, match=r"--data-dir, TFDS_DATA_DIR\) ~/.* home folder that does"):
        data.load("mnist")
    assert same(data.load("mnist", data_dir=mnist_dir), mnist)
    monkeypatch.setenv("TFDS_DATA_DIR", str(mnist_dir))
    assert same(data.load("mnist"), mnist)


@pytest.mark.parametrize(
    ("name", "message"),
    [("gs://bucket/data", "gs://bucket/data is a remote address"), ("", "is empty")],
)
def test_remote_and_empty_folders(name, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=message):
        checks.require_writable(name)
    with pytest.raises(ValueError, match=message):
        data.load("mnist", data_dir=name)
    monkeypatch.setenv("TFDS_DATA_DIR", name)
    with pytest.raises(ValueError, match=rf"TFDS_DATA_DIR\).*{message}"):
        data.load("mnist")
    for option in ("--data-dir", "--output-dir"):
        with pytest.raises(SystemExit):
            cli.main("mnist", ["teacher", "cnn", option, name])
        assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_drives_and_colons_are_local(tmp_path):
    for name in ("C:/data", str(tmp_path / "a:b"), "a:b"):
        assert checks.local_folder("the folder", name) == Path(name)
