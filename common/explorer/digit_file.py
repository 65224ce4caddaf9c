"""PNG of a drawn digit, converted to an image like MNIST's."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

MAX_BYTES = 5_000_000
MIN_SIDE, MAX_SIDE = 8, 4096  # pixels
MIN_CONTRAST = 40  # between ink and paper, of 255
SIDE, BOX = 28, 20  # pixels of an MNIST image, and of the box that holds its digit
_SIZE = slice(16, 24)  # bytes of width and height
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def digit(content, name="the file", size=None):
    """(28, 28, 1) uint8 image of a PNG's digit, prepared as MNIST's images were.

    Ink is made light on dark, cropped, scaled into a box of 20×20 pixels and placed with its
    center of mass in the middle of 28×28 (LeCun et al. 1998, "Gradient-based learning applied
    to document recognition", section III.A).

    Args:
        content: the file's bytes, at most `MAX_BYTES`.
        name: the file's name, for error messages.
        size: the file's bytes; default those of `content`.

    Returns:
        (28, 28, 1) uint8, ink 255 on paper 0.

    Raises:
        ValueError: not a PNG, damaged, too large or small, blank, or more ink than paper.
    """
    ink = _ink(_gray(_open(content, name, size or len(content))), name)
    return _center(_fit_box(ink))[:, :, None]


def _open(content, name, size):
    if size > MAX_BYTES:
        raise ValueError(f"{name} has {size / 1e6:.1f} MB: give a PNG of at most 5 MB")
    if not content.startswith(_SIGNATURE):
        raise ValueError(f"{name} is not a PNG: save the drawing as PNG")
    if len(content) >= _SIZE.stop:  # before Pillow, which warns of many pixels or refuses them
        _check_size(struct.unpack(">II", content[_SIZE]), name)
    try:
        image = Image.open(io.BytesIO(content), formats=["PNG"])
        image.load()
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error):
        raise ValueError(f"{name} is a damaged PNG: save the drawing again") from None
    return image


def _check_size(size, name):
    if not MIN_SIDE <= min(size) <= max(size) <= MAX_SIDE:
        raise ValueError(
            f"{name} has {size[0]}×{size[1]} pixels: "
            f"give a drawing of {MIN_SIDE} to {MAX_SIDE} pixels a side"
        )


def _gray(image):
    """(h, w) float, 0 to 255; transparency becomes paper, light under dark ink and vice versa."""
    if image.mode.startswith("I"):  # 16 bits a pixel: Pillow's conversion would clip them
        return np.asarray(image, float) / 257
    pixels = np.asarray(image.convert("RGBA"), float)
    gray = np.asarray(image.convert("RGBA").convert("L"), float)
    cover = pixels[:, :, 3] / 255
    paper = 255.0 if not cover.any() or np.average(gray, weights=cover) < 128 else 0.0
    return cover * gray + (1 - cover) * paper


def _ink(gray, name):
    """(h, w) float, 0 to 255: difference from the paper, whose gray is the border's median."""
    border = np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])
    paper = np.median(border)
    ink = np.clip(paper - gray if paper > 127 else gray - paper, 0, None)
    if ink.max() < MIN_CONTRAST:
        raise ValueError(
            f"{name} is blank or too faint: draw a digit, dark on light or light on dark"
        )
    ink *= 255 / ink.max()
    if (ink > 127).mean() > 0.6:
        raise ValueError(f"{name} is more ink than paper: draw one digit on a plain background")
    return ink


def _fit_box(ink):
    """The ink's bounding box, its longer side scaled to 20 pixels, its maximum to 255."""
    rows, columns = (np.flatnonzero((ink > 25).any(axis=axis)) for axis in (1, 0))
    crop = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = BOX / max(crop.shape)
    height, width = (max(1, round(scale * side)) for side in crop.shape)
    small = Image.fromarray(crop.astype("uint8")).resize((width, height), Image.Resampling.LANCZOS)
    small = np.asarray(small, float)
    return small * 255 / small.max()  # thin strokes fade when a large drawing shrinks


def _center(small):
    """(28, 28) uint8 with the center of mass of `small` as near the middle as it fits."""
    image = np.zeros((SIDE, SIDE), "uint8")
    corner = []
    for axis, side in enumerate(small.shape):
        mass = small.sum(axis=1 - axis)
        middle = np.average(np.arange(side), weights=mass)
        corner.append(int(np.clip(round(SIDE / 2 - middle), 0, SIDE - side)))
    top, left = corner
    image[top : top + small.shape[0], left : left + small.shape[1]] = np.round(small)
    return image
