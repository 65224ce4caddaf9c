"""tiny-imagenet-200.zip: order, labels, pixels; every kind of damage has its message."""

import dataclasses
import functools
import hashlib
import http.server
import io
import shutil
import subprocess
import sys
import textwrap
import threading
import zipfile

import numpy as np
import pytest
from PIL import Image

from common import data
from common.data import array_cache, catalogue, download, sources, tiny_imagenet
from common.data.tiny_imagenet import TinyImageNetArchive
from common.data.zip_images import BadArchiveError
from common.utils import resources
from tests.support import tiny_archives
from tests.support.tiny_archives import ROOT, SMALL, WNIDS

FOX = f"{ROOT}/train/{WNIDS[0]}/images/{WNIDS[0]}_7.JPEG"
ANNOTATIONS = f"{ROOT}/val/val_annotations.txt"
MEMBERS = tiny_archives.members()


@pytest.fixture
def data_dir(tmp_path, monkeypatch):
    """A data folder with the small archive in its manual folder."""
    monkeypatch.setattr(
        sources, "TinyImageNetArchive", functools.partial(TinyImageNetArchive, layout=SMALL)
    )
    tiny_archives.write(tmp_path / "downloads" / "manual", MEMBERS)
    return tmp_path


def change_spec(monkeypatch, name, **changes):
    spec = dataclasses.replace(catalogue.CATALOGUE[name], **changes)
    monkeypatch.setitem(catalogue.CATALOGUE, name, spec)


def decoded(name):
    with Image.open(io.BytesIO(MEMBERS[name])) as image:
        return np.asarray(image.convert("RGB"))


def test_splits_order_and_pixels(data_dir):
    loaded = data.load("tiny_imagenet", data_dir=data_dir)
    assert (loaded.name, loaded.image_shape) == ("tiny_imagenet", (64, 64, 3))
    assert loaded.class_names == ("red fox", "egg", "wok")
    assert [len(split) for split in (loaded.train, loaded.validation, loaded.test)] == [54, 6, 9]
    assert np.bincount(loaded.validation.labels).tolist() == [2, 2, 2]
    for row in (0, 1, 2, 21, 53):  # image row // 3 of class row % 3
        wnid = WNIDS[row % 3]
        name = f"{ROOT}/train/{wnid}/images/{wnid}_{row // 3}.JPEG"
        np.testing.assert_array_equal(loaded.train.images[row], decoded(name))
        assert loaded.train.labels[row] == row % 3
    last = loaded.validation.images[-1]
    assert (last[..., 0] == last[..., 1]).all() and np.ptp(last) > 0  # grayscale, made RGB
    np.testing.assert_array_equal(loaded.test.images[4], decoded(f"{ROOT}/val/images/val_4.JPEG"))
    assert loaded.test.labels.tolist() == [0, 1, 2] * 3


def test_arrays_are_memory_mapped_and_never_copied(data_dir):
    for _ in range(2):  # as built, and as read again
        loaded = data.load("tiny_imagenet", data_dir=data_dir)
        assert isinstance(loaded.train.images, np.memmap)
        assert isinstance(loaded.validation.images, np.memmap)
        assert np.shares_memory(loaded.train.images.base, loaded.validation.images.base)


def test_is_read_in_chunks(data_dir, monkeypatch):
    expected = data.load("tiny_imagenet", data_dir=data_dir).train.images[:]
    monkeypatch.setattr(array_cache, "CHUNK", 7)
    raw = sources.from_tiny_archive("tiny_imagenet", data_dir)
    array_cache.write("tiny_imagenet", data_dir, raw.arrays, raw.class_names)
    again = data.load("tiny_imagenet", data_dir=data_dir).train.images
    np.testing.assert_array_equal(again, expected)


def test_first_classes_have_a_name_of_their_own(data_dir, monkeypatch):
    first_two = functools.partial(sources.from_tiny_archive, classes=2)
    change_spec(monkeypatch, "tiny_imagenet20", reader=first_two)
    loaded = data.load("tiny_imagenet20", data_dir=data_dir)
    assert (loaded.name, loaded.class_names) == ("tiny_imagenet20", ("red fox", "egg"))
    assert [len(split) for split in (loaded.train, loaded.validation, loaded.test)] == [36, 4, 6]
    assert set(loaded.test.labels) == {0, 1}


def without(*names):
    return {name: value for name, value in MEMBERS.items() if name not in names}


FOXES = [name for name in MEMBERS if f"train/{WNIDS[0]}/" in name]
WRONG = {
    "class missing": (without(*FOXES), f"has 0 training images of class {WNIDS[0]}, 20 expected"),
    "image missing": (without(FOX), f"has 19 training images of class {WNIDS[0]}, 20 expected"),
    "another archive": ({"readme.txt": "hello"}, "has no readable tiny-imagenet-200/wnids.txt"),
    "no words": (without(f"{ROOT}/words.txt"), "has no readable tiny-imagenet-200/words.txt"),
    "a word missing": (
        MEMBERS | {f"{ROOT}/words.txt": f"{WNIDS[0]}\tred fox\n"},
        f"has no words for class {WNIDS[1]}",
    ),
    "a class listed twice": (
        MEMBERS | {f"{ROOT}/wnids.txt": "\n".join([WNIDS[0], *WNIDS[:2]])},
        "has 2 classes in wnids.txt, 3 expected",
    ),
    "no annotations": (without(ANNOTATIONS), "has no readable .*val_annotations.txt"),
    "too few annotations": (
        MEMBERS | {ANNOTATIONS: f"val_0.JPEG\t{WNIDS[0]}\n"},
        "has 1 images in val_annotations.txt, 9 expected",
    ),
    "validation image missing": (
        without(f"{ROOT}/val/images/val_3.JPEG"),
        "lacks .*val_3.JPEG, which val_annotations.txt lists",
    ),
    "unknown class in annotations": (
        MEMBERS | {ANNOTATIONS: MEMBERS[ANNOTATIONS].replace(WNIDS[2], "n09000009")},
        "gives .*val_2.JPEG the class n09000009, which wnids.txt lacks",
    ),
    "name above its folder": (
        MEMBERS | {"../evil.txt": "x"},
        r"leaves the folder, '\.\./evil.txt'",
    ),
    "name from the root": (MEMBERS | {"/etc/evil": "x"}, "leaves the folder, '/etc/evil'"),
    "name of a drive": (MEMBERS | {"C:evil": "x"}, "leaves the folder, 'C:evil'"),
    "name inside, then above": (
        MEMBERS | {f"{ROOT}/a/../../../evil": "x"},
        "leaves the folder, 'tiny-imagenet-200/a/",
    ),
    "damaged JPEG": (MEMBERS | {FOX: MEMBERS[FOX][:300]}, f"the image {FOX} in .* cannot be read"),
    "no JPEG at all": (MEMBERS | {FOX: b"no image"}, f"the image {FOX} in .* cannot be read"),
    "another size": (
        MEMBERS | {FOX: tiny_archives.jpeg(1, side=32)},
        f"the image {FOX} in .* has 32x32 pixels, 64x64 expected",
    ),
}


@pytest.mark.parametrize(("content", "message"), WRONG.values(), ids=WRONG)
def test_wrong_archives(data_dir, content, message):
    tiny_archives.write(data_dir / "downloads" / "manual", content)
    with pytest.raises(BadArchiveError, match=message) as caught:
        data.load("tiny_imagenet", data_dir=data_dir)
    assert str(caught.value).count("\n") == 0
    assert tiny_imagenet.NAME in str(caught.value)
    assert not (data_dir / "arrays" / "tiny_imagenet").exists()


def patched(path, *, compression=None, flags=0, kind=""):
    """Change the compression method and flags of the members whose name ends with `kind`."""
    raw = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        members, position = archive.infolist(), archive.start_dir
    for member in members:
        if member.filename.endswith(kind):
            for start in (member.header_offset + 6, position + 8):  # both headers of a member
                raw[start] |= flags
                if compression is not None:
                    raw[start + 2] = compression
        position += 46 + len(member.orig_filename) + len(member.extra) + len(member.comment)
    path.write_bytes(raw)


@pytest.mark.parametrize("kind", ["", "JPEG"])
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"compression": 9}, "compression method is not supported"),  # Deflate64
        ({"compression": 93}, "compression method is not supported"),  # zstd
        ({"compression": 12}, "Invalid data stream"),  # no bzip2
        ({"flags": 1}, "password required"),
    ],
)
def test_archives_packed_in_another_way(data_dir, changes, reason, kind):
    path = data_dir / "downloads" / "manual" / tiny_imagenet.NAME
    patched(path, **changes, kind=kind)
    with pytest.raises(BadArchiveError, match=rf"{tiny_imagenet.NAME}.*{reason}"):
        data.load("tiny_imagenet", data_dir=data_dir)


def unpacked(data_dir):
    """The folder that the archive is unpacked to, which takes the archive's place."""
    path = data_dir / "downloads" / "manual" / tiny_imagenet.NAME
    with zipfile.ZipFile(path) as archive:
        archive.extractall(path.parent)
    path.unlink()
    return path.parent / ROOT


def test_an_unpacked_archive_gives_the_same_images(data_dir, tmp_path_factory):
    packed = shutil.copytree(data_dir, tmp_path_factory.mktemp("packed") / "data")
    expected = data.load("tiny_imagenet", data_dir=packed)
    unpacked(data_dir)
    loaded = data.load("tiny_imagenet", data_dir=data_dir)
    for split in ("train", "validation", "test"):
        one, other = getattr(loaded, split), getattr(expected, split)
        np.testing.assert_array_equal(one.images, other.images)
        np.testing.assert_array_equal(one.labels, other.labels)


def test_a_damaged_unpacked_archive(data_dir):
    (unpacked(data_dir).parent / FOX).write_bytes(MEMBERS[FOX][:300])
    with pytest.raises(BadArchiveError, match=f"the image {FOX} in .*{ROOT} cannot be read"):
        data.load("tiny_imagenet", data_dir=data_dir)


def test_a_folder_in_the_archives_place(data_dir):
    folder = unpacked(data_dir)
    folder.rename(folder.with_name(tiny_imagenet.NAME))
    with pytest.raises(BadArchiveError, match=r"200.zip is a folder: .* or rename .* to tiny-ima"):
        data.load("tiny_imagenet", data_dir=data_dir)


def test_unlabeled_test_images_and_boxes_are_allowed(data_dir):
    more = {f"{ROOT}/test/images/test_0.JPEG": MEMBERS[FOX]}
    more[f"{ROOT}/train/{WNIDS[0]}/{WNIDS[0]}_boxes.txt"] = "0 0 9 9"
    tiny_archives.write(data_dir / "downloads" / "manual", MEMBERS | more)
    assert len(data.load("tiny_imagenet", data_dir=data_dir).train) == 54


@pytest.mark.parametrize("share", [0, 0.5, 0.999])
def test_truncated_archive(data_dir, share):
    path = data_dir / "downloads" / "manual" / tiny_imagenet.NAME
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(
        BadArchiveError, match=r"is not a complete zip file .*: delete it and download it"
    ):
        data.load("tiny_imagenet", data_dir=data_dir)


def test_flipped_bit_in_an_image(data_dir):
    path = data_dir / "downloads" / "manual" / tiny_imagenet.NAME
    with zipfile.ZipFile(path) as archive:
        position = archive.getinfo(FOX).header_offset + 200
    raw = bytearray(path.read_bytes())
    raw[position] ^= 1
    path.write_bytes(raw)
    with pytest.raises(BadArchiveError, match=f"the image {FOX} in .* cannot be read .*CRC-32"):
        data.load("tiny_imagenet", data_dir=data_dir)


def test_no_archive_and_no_network(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "answers", lambda url, seconds=5: False)
    with pytest.raises(download.UnavailableError, match=r"not answer: put tiny-imagenet-200.zip"):
        data.load("tiny_imagenet", data_dir=tmp_path)


@pytest.fixture
def served(data_dir, monkeypatch):
    """The small archive at a local address in the original's place, not in the data folder."""
    manual = data_dir / "downloads" / "manual"
    folder = manual.rename(data_dir / "served")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/{tiny_imagenet.NAME}"
        change_spec(monkeypatch, "tiny_imagenet", url=url)
        content = (folder / tiny_imagenet.NAME).read_bytes()
        monkeypatch.setattr(tiny_imagenet, "SHA256", hashlib.sha256(content).hexdigest())
        yield folder / tiny_imagenet.NAME
        server.shutdown()


def test_downloads_into_the_manual_folder(served, data_dir):
    assert len(data.load("tiny_imagenet", data_dir=data_dir).train) == 54
    downloaded = data_dir / "downloads" / "manual" / tiny_imagenet.NAME
    assert downloaded.read_bytes() == served.read_bytes()


def test_a_download_that_ends_early_leaves_nothing(served, data_dir, monkeypatch):
    size = served.stat().st_size
    monkeypatch.setattr(
        http.server.SimpleHTTPRequestHandler,
        "copyfile",
        lambda self, source, target: target.write(source.read(size // 2)),
    )
    with pytest.raises(download.UnavailableError, match=r"failed \(.* of .*\): put tiny-imagenet"):
        data.load("tiny_imagenet", data_dir=data_dir)
    assert not list((data_dir / "downloads" / "manual").iterdir())


def test_a_download_of_another_file_leaves_nothing(served, data_dir):
    served.write_bytes(served.read_bytes() + b"0")
    digest = hashlib.sha256(served.read_bytes()).hexdigest()
    with pytest.raises(download.UnavailableError, match=f"SHA-256 is {digest}, expected .*: put"):
        data.load("tiny_imagenet", data_dir=data_dir)
    assert not list((data_dir / "downloads" / "manual").iterdir())


def test_too_little_disk_then_too_little_memory(data_dir, monkeypatch):
    """Both errors come before the first image is decoded."""
    usage = shutil.disk_usage(data_dir)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage._replace(free=7e5))
    monkeypatch.setattr(resources, "available_memory", lambda: 6e5)
    monkeypatch.setattr(
        "common.data.zip_images.ZippedImages._decoded", lambda *_: pytest.fail("decoded")
    )
    with (
        pytest.warns(UserWarning, match=r"arrays take 0.000848 GB, .* has 0.0007 GB free"),
        pytest.raises(
            resources.InsufficientSpaceError,
            match=r"images take 0.000737 GB of memory, 0.0006 GB are",
        ),
    ):
        data.load("tiny_imagenet", data_dir=data_dir)


def test_without_a_cache_the_images_are_held_in_memory(data_dir):
    (data_dir / "arrays").write_text("in the way, as in a read-only folder")
    with pytest.warns(UserWarning, match="array cache of tiny_imagenet could not be written"):
        loaded = data.load("tiny_imagenet", data_dir=data_dir)
    np.testing.assert_array_equal(loaded.train.images[21], decoded(FOX))
    assert not isinstance(loaded.train.images, np.memmap)


def test_available_memory_as_linux_reports_it(tmp_path):
    report = tmp_path / "meminfo"
    report.write_text("MemTotal:  16000 kB\nMemAvailable:  12000 kB\n")
    assert resources.available_memory(report) == 12_000 * 1024
    assert resources.available_memory(tmp_path / "absent") is None


def test_arrays_are_decoded_without_tensorflow(data_dir):
    """A GPU host has Pillow and JAX, and neither TensorFlow nor TensorFlow Datasets."""
    code = f"""
        import functools, sys
        for name in ("tensorflow", "tensorflow_datasets", "keras", "jax"):
            sys.modules[name] = None  # importing it raises
        from common import data
        from common.data import sources
        from tests.support.tiny_archives import SMALL
        sources.TinyImageNetArchive = functools.partial(sources.TinyImageNetArchive, layout=SMALL)
        print(len(data.load("tiny_imagenet", data_dir={str(data_dir)!r}).train))
    """
    out = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True
    )
    assert out.stdout == "54\n", out.stderr
