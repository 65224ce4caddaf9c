"""Augmentations without a finite set of views: drawn for each image, made in the training step.

No file can hold a teacher's logits for them, so the teacher is asked in the step, on the very
images that the students see.
"""

import dataclasses

import numpy as np

from common.checks import require_known


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

    def draw(self, random, rows, image_shape):
        """(rows, 2, 3) float32: for each image, where the pixels come from, as `warping.affine`.

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

    def apply(self, images, drawn):
        """`images` as `drawn`, in the compiled step; float32."""
        from common import warping  # here: recipes, which only name an augmentation, are quick

        return warping.affine(images, drawn)


AUGMENTATIONS = {
    augmentation.name: augmentation
    for augmentation in (Affine("affine", rotation=15, shift=0.1, shear=0.2, zoom=0.1),)
}
NAMES = ("none", *AUGMENTATIONS)


def get(name):
    """The augmentation called `name`, None for "none"; ValueError for one that is not known."""
    require_known("augmentation", name, NAMES)
    return AUGMENTATIONS.get(name)
