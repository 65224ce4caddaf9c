"""Folders of images as people have them, against pixels computed without Pillow."""

import os
import shutil
import stat

import numpy as np
import pytest
from PIL import Image

from common import data
from common.data import array_cache, image_files, image_folder, image_sizes
from common.runs import Recipe, Run
from tests.support.helpers import no_fit

RNG = np.random.default_rng(0)
COLOR = (200, 40, 90)


def save(path, pixels, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels, "uint8")).save(path, **options)


@pytest.fixture
def folder(tmp_path):
    """Two classes of ten 8x8 PNGs, with what people and file managers leave beside them."""
    root = tmp_path / "my photos à Paris"
    for name in ("owl", "cat"):
        for number in range(10):
            save(root / name / f"{number}.png", RNG.integers(0, 256, (8, 8, 3)))
    (root / "empty").mkdir()
    (root / ".thumbnails").mkdir()
    (root / "cat" / "._0.png").write_bytes(b"resource fork")
    (root / "cat" / "notes.txt").write_text("taken in May")
    return root


@pytest.fixture
def read(folder, tmp_path):
    return lambda **options: data.from_folder(folder, data_dir=tmp_path / "caches", **options)


def pixels_of(split):
    return {image.tobytes() for image in split.images}


def test_one_subfolder_a_class(folder, read):
    dataset = read()
    assert dataset.name == "my photos à Paris" and dataset.class_names == ("cat", "owl")
    splits = (dataset.train, dataset.validation, dataset.test)
    assert [np.bincount(split.labels).tolist() for split in splits] == [[8, 8], [1, 1], [1, 1]]
    for index, name in enumerate(dataset.class_names):
        expected = {np.asarray(Image.open(path)).tobytes() for path in folder.glob(f"{name}/?.png")}
        read_back = [pixels_of(split.take(split.labels == index)) for split in splits]
        assert set.union(*read_back) == expected and sum(map(len, read_back)) == 10


def test_splits_repeat_and_depend_on_the_seed(read):
    first = read()
    assert read().digest == first.digest != read(seed=1).digest
    assert read(seed=np.int64(1)).digest == read(seed=1).digest
    assert np.bincount(read(validation=0.3, test=0.2).validation.labels).tolist() == [3, 3]
    assert read(limit=4).limit == 4 and len(read(limit=4).train) == 4


@pytest.mark.parametrize("validation", ["val", "valid", "Validation"])
def test_splits_of_the_folder_itself(tmp_path, validation):
    for split, count in (("train", 6), (validation, 2)):
        for name in ("a", "b"):
            for number in range(count):
                save(
                    tmp_path / "own" / split / name / f"{number}.bmp", RNG.integers(0, 256, (8, 8))
                )
    save(tmp_path / "own" / "test" / "unlabeled.png", np.zeros((8, 8)))
    dataset = data.from_folder(tmp_path / "own", data_dir=tmp_path)
    sizes = [len(split) for split in (dataset.train, dataset.validation, dataset.test)]
    assert sizes == [10, 4, 2] and dataset.image_shape == (8, 8, 1)


def test_decoded_once_and_again_when_a_file_changes(folder, read, monkeypatch):
    first, decode, decoded = read(), image_files.decode, []
    monkeypatch.setattr(image_files, "decode", lambda *a: decoded.append(a) or decode(*a))
    assert read().digest == first.digest and not decoded
    save(folder / "cat" / "0.png", RNG.integers(0, 256, (8, 8, 3)))
    assert read().digest != first.digest and len(decoded) == 20


def test_the_folder_is_never_written_to(folder, read, monkeypatch):
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    read()
    for data_dir in (folder, folder / "cat"):
        with pytest.raises(ValueError, match="would be written into the image folder"):
            data.from_folder(folder, data_dir=data_dir)
    with pytest.raises(ValueError, match=r"is a folder of images, into which mnist would be"):
        data.load("mnist", data_dir=folder)
    monkeypatch.setenv("TFDS_DATA_DIR", str(folder))
    with pytest.raises(ValueError, match="let data_dir or"):
        data.from_folder(folder)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def round_trip(tmp_path, name, image, shape=(6, 8, 3), **options):
    image.save(tmp_path / name, **options)
    return image_files.decode(tmp_path / name, shape)


def test_images_as_a_person_sees_them(tmp_path):
    solid = np.full((6, 8, 3), COLOR, "uint8")
    image = Image.fromarray(solid)
    for name in ("a.png", "a.bmp", "a.webp", "a.jpg"):
        lossless = {"lossless": True} if name == "a.webp" else {}
        tolerance = 3 if name == "a.jpg" else 0
        np.testing.assert_allclose(
            round_trip(tmp_path, name, image, **lossless), solid, atol=tolerance
        )
    palette = image.quantize(4)
    np.testing.assert_allclose(round_trip(tmp_path, "p.png", palette), solid, atol=1)
    np.testing.assert_allclose(round_trip(tmp_path, "k.jpg", image.convert("CMYK")), solid, atol=4)
    half = np.dstack([solid, np.full((6, 8), 51, "uint8")])  # 20 % of the color on white
    expected = np.rint(0.2 * solid + 0.8 * 255)
    np.testing.assert_allclose(
        round_trip(tmp_path, "t.png", Image.fromarray(half)), expected, atol=1
    )
    gray = np.dstack([np.full((6, 8), 100, "uint8"), np.full((6, 8), 51, "uint8")])
    alone = round_trip(tmp_path, "la.png", Image.fromarray(gray, "LA"), (6, 8, 1))
    np.testing.assert_allclose(alone, 224, atol=1)


def test_jpegs_of_four_times_the_size_are_averaged(tmp_path):
    row, column = np.mgrid[:64, :96] / 16
    waves = [np.sin(row + column), np.cos(2 * column), np.sin(row)]
    pixels = np.rint(127 + 90 * np.stack(waves, -1)).astype("uint8")
    image = Image.fromarray(pixels)
    mean = pixels.reshape(16, 4, 24, 4, 3).mean((1, 3))
    decoded = round_trip(tmp_path, "a.jpg", image, mean.shape, quality=98, subsampling=0)
    np.testing.assert_allclose(decoded, mean, atol=4)


def test_sixteen_bits(tmp_path):
    deep = np.arange(48, dtype="uint16").reshape(6, 8) * 1365  # 0 to 64,155
    expected = np.rint(deep / 65535 * 255)
    measured = round_trip(tmp_path, "d.png", Image.fromarray(deep), (6, 8, 1))[..., 0]
    np.testing.assert_array_equal(measured, expected)
    color = round_trip(tmp_path, "d.png", Image.fromarray(deep))
    np.testing.assert_array_equal(color, expected[..., None].repeat(3, -1))


def test_turned_as_exif_says(tmp_path):
    pixels = RNG.integers(0, 256, (8, 6, 3)).astype("uint8")
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter clockwise
    Image.fromarray(pixels).save(tmp_path / "x.png", exif=exif)
    assert image_files.describe(tmp_path / "x.png") == ((6, 8), False)
    turned = image_files.decode(tmp_path / "x.png", (6, 8, 3))
    np.testing.assert_array_equal(turned, np.rot90(pixels, -1))


def test_other_sizes_are_center_cropped_and_it_is_said(folder, read, capsys):
    wide = np.zeros((8, 24, 3), "uint8")
    wide[:, 8:16] = COLOR
    for number in range(10):
        save(folder / "wide" / f"{number}.png", wide)
    dataset = read()
    assert dataset.image_shape == (8, 8, 3)
    assert capsys.readouterr().out == (
        "10 of 30 images are not 8x8: they are resized by the shorter side and center-cropped; "
        "image_size= sets another size\n"
    )
    middle = dataset.train.take(dataset.train.labels == 2).images
    np.testing.assert_array_equal(middle, np.broadcast_to(np.uint8(COLOR), middle.shape))
    assert read(image_size=4).image_shape == (4, 4, 3)
    assert read(image_size=(4, 6)).image_shape == (4, 6, 3)
    assert len({read(image_size=size).digest for size in (4, 6, None)}) == 3


def test_unreadable_images(folder, read, capsys):
    complete = (folder / "cat" / "3.png").read_bytes()
    (folder / "cat" / "3.png").write_bytes(complete[:-60])
    (folder / "owl" / "4.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"the image .*[34].png cannot be read \(.*skip_unr"):
        read()
    dataset = read(skip_unreadable=True)
    out = capsys.readouterr().out
    assert "left out 2 images that cannot be read: " in out and "3.png" in out and "4.png" in out
    total = sum(len(split) for split in (dataset.train, dataset.validation, dataset.test))
    assert total == 18 and read(skip_unreadable=True).digest == dataset.digest
    (folder / "owl" / "4.png").write_bytes(complete)
    with pytest.raises(ValueError, match=r"the image .*3.png cannot be read"):
        read()


def test_a_link_to_a_missing_image_is_unreadable(folder, read, capsys):
    (folder / "cat" / "gone.png").symlink_to(folder / "nowhere.png")
    with pytest.raises(ValueError, match=r"the image .*gone.png cannot be read"):
        read()
    read(skip_unreadable=True)
    assert "left out 1 images that cannot be read: " in capsys.readouterr().out


def test_classes_in_two_forms_of_unicode_are_one(tmp_path):
    for split, name in (("train", "k\u00e4tze"), ("test", "ka\u0308tze")):
        for other in (name, "owl"):
            (tmp_path / split / other).mkdir(parents=True)
            save(tmp_path / split / other / "1.png", np.zeros((4, 4), "uint8"))
    listed = image_folder.list_images(tmp_path)
    assert set(listed["test"]) == set(listed["train"]) == {"k\u00e4tze", "owl"}
    assert listed["test"]["k\u00e4tze"] == ["test/ka\u0308tze/1.png"]


def test_a_transparent_gray_of_16_bits_is_on_white(tmp_path):
    pixels = np.full((8, 8), 5000, "uint16")
    pixels[0, 0] = 40000
    Image.fromarray(pixels).save(tmp_path / "x.png", transparency=5000)
    decoded = image_files.decode(tmp_path / "x.png", (8, 8, 1))
    assert decoded[0, 0, 0] == round(40000 / 257) and (decoded.ravel()[1:] == 255).all()


def test_a_turned_jpeg_is_cropped_without_loss_of_detail(tmp_path):
    """128 x 256 once it is upright: a crop of 128 x 64 needs no scaling."""
    board = np.indices((128, 256)).sum(axis=0) % 2 * 255
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.fromarray(np.repeat(board[:, :, None], 3, axis=2).astype("uint8"))
    image.save(tmp_path / "x.jpg", exif=exif, quality=100, subsampling=0)
    decoded = image_files.decode(tmp_path / "x.jpg", (64, 128, 3))
    assert decoded.std() > 100


def test_a_process_that_ends_leaves_no_black_images(folder, read, monkeypatch):
    """Where an image turns out unreadable, the cache is written twice."""
    complete = (folder / "cat" / "3.png").read_bytes()
    (folder / "cat" / "3.png").write_bytes(complete[:-60])
    write, written = array_cache.write, []

    def ends(*arguments):
        if written:
            raise KeyboardInterrupt
        written.append(write(*arguments))

    monkeypatch.setattr(array_cache, "write", ends)
    with pytest.raises(KeyboardInterrupt):
        read(skip_unreadable=True)
    monkeypatch.setattr(array_cache, "write", write)
    dataset = read(skip_unreadable=True)
    splits = (dataset.train, dataset.validation, dataset.test)
    assert sum(len(split) for split in splits) == 19
    assert all(split.images.max(axis=(1, 2, 3)).min() > 0 for split in splits)


def test_a_class_whose_training_images_are_all_unreadable_is_named(tmp_path):
    for split, name in (("train", "cat"), ("train", "owl"), ("train", "fox"), ("val", "owl")):
        save(tmp_path / "own" / split / name / "0.png", RNG.integers(0, 256, (8, 8, 3)))
    (tmp_path / "own" / "train" / "owl" / "0.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match="no training image of 'owl' can be read: add some"):
        data.from_folder(tmp_path / "own", data_dir=tmp_path, skip_unreadable=True, test=0.3)


@pytest.mark.parametrize("damaged", [("cat",), ("cat", "owl")])
def test_fewer_than_two_readable_classes_are_refused(tmp_path, damaged):
    for name in ("cat", "owl"):
        for number in range(4):
            save(tmp_path / "own" / name / f"{number}.png", RNG.integers(0, 256, (8, 8, 3)))
            if name in damaged:
                (tmp_path / "own" / name / f"{number}.png").write_bytes(b"no image")
    left = "no images" if len(damaged) == 2 else "only images of 'owl'"
    with pytest.raises(ValueError, match=f"{left} can be read"):
        data.from_folder(tmp_path / "own", data_dir=tmp_path, skip_unreadable=True)


@pytest.mark.parametrize(
    ("wrong", "sentence"), [({"limit": 0}, "limit"), ({"test": 2}, "test is a fraction")]
)
def test_wrong_numbers_are_refused_before_anything_is_read(read, monkeypatch, wrong, sentence):
    monkeypatch.setattr(image_sizes, "headers", no_fit)
    with pytest.raises(ValueError, match=sentence):
        read(**wrong)


def test_a_long_name_of_a_folder_leaves_names_of_files_short(folder, tmp_path):
    """255 bytes are the longest name of a file; these have 250, of which an é takes two."""
    datasets = []
    for last in "ab":
        root = folder.rename(folder.with_name("é" * 124 + last + "x"))
        datasets.append(data.from_folder(root, data_dir=tmp_path / "caches"))
        assert datasets[-1].name == root.name
        folder = root
    runs = [Run(**each.identity, model="mlp", recipe=Recipe()) for each in datasets]
    assert len({run.label for run in runs}) == 2
    assert all(len(f"{run.name}.weights.h5".encode()) < 120 for run in runs)
    assert len(list((tmp_path / "caches" / "arrays").iterdir())) == 2


def test_file_names_need_not_be_unicode(folder, read):
    os.rename(os.fsencode(folder / "cat" / "3.png"), os.fsencode(folder / "cat") + b"/caf\xe9.png")
    dataset = read()
    assert sum(len(split) for split in (dataset.train, dataset.validation, dataset.test)) == 20


def test_a_folder_that_changes_while_it_is_read(folder, read, tmp_path, monkeypatch):
    write = array_cache.write

    def slow(*arguments):
        write(*arguments)
        shutil.copy(folder / "cat" / "0.png", folder / "cat" / "new.png")

    monkeypatch.setattr(array_cache, "write", slow)
    with pytest.raises(ValueError, match="changed while it was read: read it again"):
        read()
    assert not list((tmp_path / "caches").rglob("*"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda root: shutil.rmtree(root), "is no folder"),
        (lambda root: shutil.rmtree(root / "owl"), "has images of cat only"),
        (
            lambda root: [shutil.rmtree(root / n) for n in ("owl", "cat")],
            "no images in subfolders",
        ),
        (lambda root: shutil.copytree(root / "owl", root / "Owl"), "'Owl' and 'owl' .* in case"),
        (
            lambda root: [(root / "owl" / f"{n}.png").unlink() for n in range(8)],
            "class 'owl' has 2 images, too few for 3 splits",
        ),
    ],
)
def test_folders_that_do_not_fit_get_one_sentence(folder, read, change, sentence):
    change(folder)
    with pytest.raises(ValueError, match=sentence):
        read()


def test_a_class_without_training_images(tmp_path):
    for name in ("train/a", "train/b", "val/c"):
        save(tmp_path / "own" / name / "1.png", np.zeros((8, 8)))
    with pytest.raises(ValueError, match=r"own/val has images of 'c', which .*/train lacks"):
        data.from_folder(tmp_path / "own", data_dir=tmp_path)


@pytest.mark.parametrize(
    ("names", "split"),
    [(("train", "training"), "train"), (("Validation", "val"), "validation")],
)
def test_two_folders_of_one_split(tmp_path, names, split):
    for name in {"train", *names}:
        for number, of_class in enumerate(("a", "b")):
            save(tmp_path / "own" / name / of_class / "1.png", np.full((8, 8), number))
    sentence = rf"own has the folders {names[0]}/, {names[1]}/ for {split}: merge them or remove"
    with pytest.raises(ValueError, match=sentence):
        data.from_folder(tmp_path / "own", data_dir=tmp_path)
    shutil.rmtree(tmp_path / "own" / names[1])
    (tmp_path / "own" / names[1]).mkdir()  # without images, it is no other split
    listed = image_folder.list_images(tmp_path / "own")
    assert listed[split] == {of_class: [f"{names[0]}/{of_class}/1.png"] for of_class in "ab"}


def test_a_link_to_a_split_is_no_second_one(tmp_path):
    for name in ("train", "validation"):
        for number, of_class in enumerate(("a", "b")):
            save(tmp_path / "own" / name / of_class / "1.png", np.full((8, 8), number))
    os.symlink(tmp_path / "own" / "validation", tmp_path / "own" / "val")
    assert len(image_folder.list_images(tmp_path / "own")["validation"]) == 2


def test_classes_that_are_called_like_splits(tmp_path):
    for name in ("val", "validation"):
        save(tmp_path / "own" / name / "of a kind" / "1.png", np.zeros((8, 8)))
    assert sorted(image_folder.list_images(tmp_path / "own")["all"]) == ["val", "validation"]


def test_links_are_followed_once(folder, read):
    os.symlink(folder / "owl", folder / "owls of a friend")
    os.symlink(folder, folder / "cat" / "all")
    assert read().class_names == ("cat", "owl", "owls of a friend")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_cache_that_cannot_be_written(folder, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=stat.S_IRUSR | stat.S_IXUSR)
    with pytest.warns(UserWarning, match="no array cache"):
        assert len(data.from_folder(folder, data_dir=closed).train) == 16


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"image_size": 0}, "image_size must be a whole number above 0"),
        ({"image_size": (3, 4, 5)}, "image_size is one number or"),
        ({"validation": 0}, "validation is a fraction between 0 and 1, got 0"),
        ({"validation": 0.5, "test": 0.5}, "leave no training images"),
        ({"name": "cifar100"}, "is a built-in data set"),
        ({"limit": 0}, "limit must be"),
        ({"seed": -1}, "seed must be a whole number of at least 0, got -1"),
    ],
)
def test_options_that_do_not_fit(read, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        read(**options)
