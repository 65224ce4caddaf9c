"""Sources without prepared data: hosts that answer or not, and the fallback data set."""

import socket
import sys
import threading
import time

import numpy as np
import pytest

from common import cli, data
from common.data import download

SPLITS = ("train", "validation", "test")


@pytest.fixture
def offline(monkeypatch):
    monkeypatch.setattr(download, "answers", lambda url, seconds=5: False)


def test_fallback_under_its_own_name(tmp_path, offline):
    with pytest.warns(UserWarning, match="does not answer.*mnist5k instead.*cannot be compared"):
        loaded = data.load("mnist", data_dir=tmp_path, limit=100)
    assert loaded.name == "mnist5k"
    assert not (tmp_path / "arrays" / "mnist").exists()
    full = data.load("mnist5k", data_dir=tmp_path)  # from its cache
    assert [len(getattr(full, split)) for split in SPLITS] == [3000, 1000, 1000]
    assert all(np.ptp(np.bincount(getattr(full, split).labels)) == 0 for split in SPLITS)
    images = np.concatenate([getattr(full, split).images for split in SPLITS])
    assert len({image.tobytes() for image in images}) == 5000  # no digit in two splits


def test_warnings_of_the_fallback_point_to_the_caller(tmp_path, offline):
    (tmp_path / "arrays").write_text("in the way, as in a read-only folder")
    with pytest.warns(UserWarning) as caught:
        data.load("mnist", data_dir=tmp_path, limit=100)
    assert [warning.filename for warning in caught] == [__file__] * 2
    assert "the array cache of mnist5k could not be" in str(caught[1].message)


def test_no_fallback_for_cifar100(tmp_path, offline):
    with pytest.raises(download.UnavailableError, match=r"cifar100 is not prepared in .*toronto"):
        data.load("cifar100", data_dir=tmp_path / "mistyped" / "folder")
    assert not (tmp_path / "mistyped").exists()


@pytest.mark.parametrize("missing", ["tensorflow", "tensorflow_datasets"])
def test_without_tfds_the_error_says_what_to_install(tmp_path, monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(SystemExit, match=rf"no array cache in .* needs {missing}: pip install"):
        cli.main("mnist", ["teacher", "cnn", "--data-dir", str(tmp_path)])


@pytest.fixture
def listening():
    """A local address that accepts connections; `answer` is sent to whoever connects."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server, f"http://127.0.0.1:{server.getsockname()[1]}/file"


def test_silent_host_times_out_within_seconds(listening):
    start = time.perf_counter()
    assert download.answers(listening[1]) is False
    assert time.perf_counter() - start < 15  # 5, and what other tests take of the cores


@pytest.mark.parametrize(
    ("answer", "expected"),
    [(b"HTTP/1.0 200 OK\r\n\r\n", True), (b"HTTP/1.0 404 No\r\n\r\n", False), (b"??\r\n", False)],
)
@pytest.mark.filterwarnings("error")
def test_what_counts_as_an_answer(listening, answer, expected):
    def serve():
        connection, _ = listening[0].accept()
        with connection:
            connection.recv(1000)
            connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    assert download.answers(listening[1]) is expected
    thread.join(10)


def test_unknown_host_does_not_answer():
    assert download.answers("http://no-such-host.invalid/") is False
