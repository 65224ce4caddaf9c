"""Images moved by less than whole pixels, in the compiled step of any backend."""

import numpy as np

from common.backend import ops


def affine(images, matrices):
    """Take each pixel from where a matrix says, bilinear between pixels.

    Args:
        images: uint8 or float (n, h, w, c).
        matrices: (n, 2, 3); the pixel `p` = (down, right) of the center comes from the place
            matrix[:, :2] · p + matrix[:, 2].

    Returns:
        float32 (n, h, w, c); what comes in from outside is 0.
    """
    height, width = images.shape[1:3]
    down = np.arange(height, dtype="float32")[None, :, None] - (height - 1) / 2
    right = np.arange(width, dtype="float32")[None, None, :] - (width - 1) / 2
    at = ops.reshape(matrices, (-1, 2, 3, 1, 1))
    places = (at[:, side, 0] * down + at[:, side, 1] * right + at[:, side, 2] for side in (0, 1))
    rows, columns = (
        place + (size - 1) / 2 for place, size in zip(places, (height, width), strict=True)
    )
    top, left = ops.floor(rows), ops.floor(columns)
    images, total = ops.cast(images, "float32"), 0.0
    for row, column in ((top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)):
        share = (1 - ops.abs(rows - row)) * (1 - ops.abs(columns - column))
        total += share[..., None] * _pixels(images, row, column)
    return total


def _pixels(images, rows, columns):
    """(n, h, w, c) the pixels at whole rows and columns (n, h, w); 0 outside the image."""
    height, width, channels = images.shape[1:]
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    place = ops.clip(rows, 0, height - 1) * width + ops.clip(columns, 0, width - 1)
    place = ops.reshape(ops.cast(place, "int32"), (-1, height * width, 1))
    flat = ops.reshape(images, (-1, height * width, channels))
    found = ops.take_along_axis(flat, place, axis=1)
    return ops.where(inside[..., None], ops.reshape(found, (-1, height, width, channels)), 0.0)
