"""Array caches that several processes fill at once: two threads stand for them."""

import dataclasses
import shutil
import threading
import time
from concurrent import futures

import numpy as np
import pytest
from PIL import Image

from common import data
from common.data import array_cache, cached_sources, catalogue, sources
from common.utils import files
from tests.data.test_data import same


@pytest.fixture
def folder(tmp_path):
    """Two classes of five 4x4 PNGs."""
    rng = np.random.default_rng(0)
    for name in ("cat", "owl"):
        (tmp_path / "own" / name).mkdir(parents=True)
        for number in range(5):
            pixels = rng.integers(0, 256, (4, 4, 3)).astype("uint8")
            Image.fromarray(pixels).save(tmp_path / "own" / name / f"{number}.png")
    return tmp_path / "own"


@pytest.fixture
def raw():
    """Two images of each split."""
    arrays = {"train_images": np.arange(8, dtype="uint8").reshape(2, 2, 2, 1)}
    arrays |= {"train_labels": np.arange(2, dtype="int32")}
    return sources.RawDataset(arrays, ("a", "b"))


@pytest.fixture
def written(monkeypatch):
    """List of the names of caches that are written; each write takes until a second one began."""
    write, names, second = array_cache.write, [], threading.Event()

    def slow(name, *arguments):
        names.append(name)
        write(name, *arguments)
        if len(names) > 1:
            second.set()
        second.wait(timeout=1)

    monkeypatch.setattr(array_cache, "write", slow)
    return names


def loaded_twice(load):
    with futures.ThreadPoolExecutor(2) as pool:
        return [future.result(timeout=60) for future in [pool.submit(load) for _ in range(2)]]


def test_an_image_folder_is_decoded_once(folder, tmp_path, written):
    first, second = loaded_twice(lambda: data.from_folder(folder, data_dir=tmp_path / "caches"))
    assert len(written) == 1 and same(first, second) and len(first.train) == 6
    assert [path.name for path in (tmp_path / "caches" / "arrays").iterdir()] == written


def test_data_of_the_catalogue_are_written_once(tmp_path, written):
    first, second = loaded_twice(lambda: data.load("mnist5k", data_dir=tmp_path))
    assert written == ["mnist5k"] and same(first, second) and len(first.train) == 3000
    assert isinstance(second.train.images, np.memmap)


def test_who_waits_is_told_for_whom(tmp_path, monkeypatch):
    entered, leave, lines = threading.Event(), threading.Event(), []

    def release(line):
        lines.append(line)
        leave.set()

    def hold():
        with array_cache.locked("own", tmp_path):
            entered.set()
            leave.wait(timeout=60)

    with futures.ThreadPoolExecutor(1) as pool:
        pool.submit(hold)
        assert entered.wait(timeout=60)
        monkeypatch.setattr(files, "print", lambda line, **_: release(line), raising=False)
        with array_cache.locked("own", tmp_path):
            assert leave.is_set()
    assert lines == ["waiting for another process that reads the images of own"]


@pytest.mark.parametrize("damage", ["removed", "emptied"])
def test_a_cache_that_another_process_replaces(tmp_path, raw, monkeypatch, damage):
    """On a file system without locks: it is missing, or without some files."""
    write = array_cache.write

    def replaced(*arguments):
        write(*arguments)
        target = array_cache.folder("own", tmp_path)
        shutil.rmtree(target)
        if damage == "emptied":
            target.mkdir()

    monkeypatch.setattr(array_cache, "write", replaced)
    with pytest.warns(UserWarning, match="the array cache of own could not be written to"):
        read = cached_sources.cached("own", tmp_path, raw)
    np.testing.assert_array_equal(read.arrays["train_images"], raw.arrays["train_images"])
    assert not isinstance(read.arrays["train_images"], np.memmap)


def test_without_a_lock_the_block_runs_all_the_same(tmp_path):
    (tmp_path / "arrays").write_text("in the way, as in a read-only folder")
    with array_cache.locked("own", tmp_path):
        done = True
    assert done and (tmp_path / "arrays").read_text().startswith("in the way")


def test_the_original_data_are_read_by_one_process(tmp_path, monkeypatch):
    """Two that prepare the same data at once disturb each other."""
    spec, reads = catalogue.CATALOGUE["mnist5k"], []

    def read_slowly(*arguments):
        reads.append(arguments)
        time.sleep(0.2)
        return spec.reader(*arguments)

    slow = dataclasses.replace(spec, reader=read_slowly)
    monkeypatch.setitem(catalogue.CATALOGUE, "mnist5k", slow)
    first, second = loaded_twice(lambda: data.load("mnist5k", data_dir=tmp_path))
    assert len(reads) == 1 and same(first, second)


def test_what_a_killed_process_left_is_removed(tmp_path):
    for name in (".12-34-own", ".12-34-not-own", ".12-34-own-not"):
        (tmp_path / "arrays" / name).mkdir(parents=True)
    with array_cache.locked("own", tmp_path):
        left = {path.name for path in (tmp_path / "arrays").iterdir()}
    assert left == {".own.lock", ".12-34-not-own", ".12-34-own-not"}
