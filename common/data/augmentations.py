"""Random affine augmentation: parameters drawn per image, images warped in the training step.

Unlike `views.ViewSet`, an augmentation has no finite set of views, so no file can hold a teacher's
logits for it. Instead, an online teacher is evaluated in each training step, on the same warped
images as the students. `Affine` draws the parameters in NumPy; `affine` warps images in Keras,
which is imported only there, because recipes only name an augmentation.
"""

import dataclasses

import numpy as np

from common.utils.checks import require_choice


@dataclasses.dataclass(frozen=True)
class Affine:
    """Random rotation, shift, shear and zoom about the center, each uniform in [-bound, bound].

    Source: Simard, Steinkraus & Platt 2003, "Best practices for convolutional neural networks
    applied to visual document analysis", section 2.

    Args:
        name: the name in `AUGMENTATIONS`, which recipes and records hold.
        rotation: bound in degrees.
        shift: bound as a fraction of the image's height and width.
        shear: bound in pixels of horizontal shift per pixel of height.
        zoom: bound as a fraction of the size; height and width are drawn independently.
    """

    name: str
    rotation: float = 0.0
    shift: float = 0.0
    shear: float = 0.0
    zoom: float = 0.0

    def sample_parameters(self, rng, rows, image_shape):
        """Random affine matrices, one per image, for `apply`.

        Args:
            rng: numpy.random.Generator.
            rows: number of images.
            image_shape: (height, width, channels).

        Returns:
            (rows, 2, 3) float32, the argument `matrices` of `affine`.
        """
        angle, shear = rng.uniform(-1, 1, (2, rows)) * [[np.deg2rad(self.rotation)], [self.shear]]
        scale = 1 + self.zoom * rng.uniform(-1, 1, (rows, 2, 1))
        shift = self.shift * rng.uniform(-1, 1, (rows, 2)) * image_shape[:2]
        cosine, sine = np.cos(angle), np.sin(angle)
        rotation = np.array([[cosine, -sine], [sine, cosine]]).transpose(2, 0, 1)
        shearing = np.tile(np.eye(2), (rows, 1, 1))
        shearing[:, 1, 0] = shear
        matrix = scale * (shearing @ rotation)
        return np.concatenate([matrix, shift[..., None]], 2).astype("float32")

    def apply(self, images, parameters):
        """Warp `images` by the `parameters` of `sample_parameters`, with `affine`; float32."""
        return affine(images, parameters)


AUGMENTATIONS = {
    augmentation.name: augmentation
    for augmentation in (Affine("affine", rotation=15, shift=0.1, shear=0.2, zoom=0.1),)
}
NAMES = ("none", *AUGMENTATIONS)


def get(name):
    """The augmentation called `name`, or None for "none"; ValueError for an unknown name."""
    require_choice("augmentation", name, NAMES)
    return AUGMENTATIONS.get(name)


def affine(images, matrices):
    """Affine warp of images with bilinear interpolation, usable in a compiled step.

    Args:
        images: uint8 or float (n, h, w, c).
        matrices: (n, 2, 3); the output pixel at p = (down, right), in pixels from the center, is
            read from matrix[:, :2] · p + matrix[:, 2].

    Returns:
        float32 (n, h, w, c); pixels from outside the image are 0.
    """
    from common.backend import ops

    rows, columns = _source_points(matrices, *images.shape[1:3])
    top, left = ops.floor(rows), ops.floor(columns)
    images, total = ops.cast(images, "float32"), 0.0
    for row, column in ((top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)):
        weight = (1 - ops.abs(rows - row)) * (1 - ops.abs(columns - column))
        total += weight[..., None] * _pixels(images, row, column)
    return total


def _source_points(matrices, height, width):
    """(rows, columns), each float (n, h, w): the point that each output pixel is read from."""
    from common.backend import ops

    center_row, center_column = (height - 1) / 2, (width - 1) / 2
    down = np.arange(height, dtype="float32")[None, :, None] - center_row
    right = np.arange(width, dtype="float32")[None, None, :] - center_column
    matrix = ops.reshape(matrices, (-1, 2, 3, 1, 1))
    rows, columns = (
        matrix[:, axis, 0] * down + matrix[:, axis, 1] * right + matrix[:, axis, 2]
        for axis in (0, 1)
    )
    return rows + center_row, columns + center_column


def _pixels(images, rows, columns):
    """(n, h, w, c): the pixels at integer rows and columns (n, h, w); 0 outside the image."""
    from common.backend import ops

    height, width, channels = images.shape[1:]
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    index = ops.clip(rows, 0, height - 1) * width + ops.clip(columns, 0, width - 1)
    index = ops.reshape(ops.cast(index, "int32"), (-1, height * width, 1))
    flat = ops.reshape(images, (-1, height * width, channels))
    pixels = ops.take_along_axis(flat, index, axis=1)
    return ops.where(inside[..., None], ops.reshape(pixels, (-1, height, width, channels)), 0.0)
