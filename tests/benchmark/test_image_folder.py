"""The benchmark of reading an image folder: what it writes is read, and the table has its rows."""

import numpy as np
from PIL import Image

from common.benchmark import image_folder


def test_files_of_ten_classes(tmp_path):
    paths = image_folder.write_jpegs(tmp_path, 230, 16)
    assert len({path.parent for path in paths}) == 10 and len(set(paths)) == 230
    first, again, other = (np.asarray(Image.open(paths[k])) for k in (5, 205, 6))
    assert first.shape == (16, 16, 3) and np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_table(tmp_path):
    _, _, *rows = image_folder.table(100, 32, 16, tmp_path).splitlines()
    names = ["Pillow alone, at 32x32", "`from_folder`, resized to 16x16", "`from_folder` again"]
    assert all(row.startswith(f"| {name}") for row, name in zip(rows, names, strict=True))
