"""Augmentations without a finite set of views: drawn for each image, made in the training step.

No file can hold a teacher's logits for them, so the teacher is asked in the step, on the very
images that the students see.
"""

import dataclasses

import numpy as np

from common.backend import ops
from common.utils.checks import require_choice


@dataclasses.dataclass(frozen=True)
class Affine:
    """Random rotation, shift, shear and zoom about the center, each uniform within its bounds.

    Distorting training digits so goes back to Simard, Steinkraus & Platt 2003, "Best practices
    for convolutional neural networks applied to visual document analysis", section 2.

    Args:
        rotation: degrees, either way.
        shift: share of the image's height and width, either way.
        shear: pixels sideways for each pixel down, either way.
        zoom: share of the size, either way; height and width apart.
    """

    name: str
    rotation: float = 0.0
    shift: float = 0.0
    shear: float = 0.0
    zoom: float = 0.0

    def sample_parameters(self, random, rows, image_shape):
        """(rows, 2, 3) float32: for each image, where the pixels come from, as `affine`.

        Args:
            random: numpy.random.Generator.
            rows: number of images.
            image_shape: (height, width, channels).
        """
        turn, shear = random.uniform(-1, 1, (2, rows)) * [[np.deg2rad(self.rotation)], [self.shear]]
        scale = 1 + self.zoom * random.uniform(-1, 1, (rows, 2, 1))
        shift = self.shift * random.uniform(-1, 1, (rows, 2)) * image_shape[:2]
        cosine, sine = np.cos(turn), np.sin(turn)
        turned = np.array([[cosine, -sine], [sine, cosine]]).transpose(2, 0, 1)
        sheared = np.tile(np.eye(2), (rows, 1, 1))
        sheared[:, 1, 0] = shear
        return np.concatenate([scale * (sheared @ turned), shift[..., None]], 2).astype("float32")

    def apply(self, images, parameters):
        """`images` moved by `parameters`, of `sample_parameters`, in the compiled step; float32."""
        pass  # here: recipes, which only name an augmentation, are quick

        return affine(images, parameters)


AUGMENTATIONS = {
    augmentation.name: augmentation
    for augmentation in (Affine("affine", rotation=15, shift=0.1, shear=0.2, zoom=0.1),)
}
NAMES = ("none", *AUGMENTATIONS)


def get(name):
    """The augmentation called `name`, None for "none"; ValueError for one that is not known."""
    require_choice("augmentation", name, NAMES)
    return AUGMENTATIONS.get(name)


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
