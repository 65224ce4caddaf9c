"""Sizes of image files as their headers have them, and the size that all are resized to."""

import collections

import numpy as np

from common.data.image_files import describe, read_or_note
from common.utils.checks import require_positive
from common.utils.progress_bar import progress_bar
from common.utils.threads import map_in_threads


def headers(root, names, unreadable):
    """{name: ((height, width), whether it is gray)} of the files that can be read.

    Args:
        root: Path that the names are relative to.
        names: list of paths.
        unreadable: as in `image_files.read_or_note`.
    """

    def read(name):
        path = root / name
        return name, read_or_note(lambda: describe(path), path, unreadable)

    headers_by_name = {}
    with progress_bar(len(names), "reading sizes", "images", delay=5) as bar:
        for name, header in map_in_threads(read, names):
            if header:
                headers_by_name[name] = header
            bar.update(1)
    return headers_by_name


def common_shape(descriptions, wanted):
    """(height, width, channels) of the array of images; prints what happens to other sizes.

    Args:
        descriptions: iterable of ((height, width), whether it is gray), one per image.
        wanted: (height, width), or None for the images' own.
    """
    descriptions = list(descriptions)
    sizes = collections.Counter(size for size, _ in descriptions)
    channels = 1 if all(gray for _, gray in descriptions) else 3
    if wanted is None and len(sizes) == 1:
        return (*next(iter(sizes)), channels)
    side = int(np.median([min(size) for size in sizes.elements()])) if sizes else 1
    size = tuple(wanted or (side, side))
    if other := sum(count for each, count in sizes.items() if each != size):
        print(
            f"{other:,} of {sizes.total():,} images are not {size[0]}x{size[1]}: they are resized "
            "by the shorter side and center-cropped"
            + ("; image_size= sets another size" if wanted is None else "")
        )
    return (*size, channels)


def pair(image_size):
    """[height, width] of an argument `image_size`, one number or two; None for None."""
    if image_size is None:
        return None
    sides = list(image_size) if isinstance(image_size, (tuple, list)) else [image_size] * 2
    if len(sides) != 2:
        raise ValueError(f"image_size is one number or (height, width), got {image_size!r}")
    for side in sides:
        require_positive("image_size", side, integer=True)
    return [int(side) for side in sides]
