"""Whether the gain of `four_epochs` lasts: its ConvNet in 20 epochs, cropped and flipped.

A student that repeats its images this often needs other views of them. Eight of the 162 of each
image, as FKD has it (Shen & Xing 2022, arXiv:2112.01528), keep the teacher's answers to 75 MB.
"""

import dataclasses

from cifar100 import four_epochs
from common.runs import ModelSpec

_RECIPE = dataclasses.replace(
    four_epochs.STUDENTS["cnn_4"].recipe,
    epochs=20,
    precision="float32",
    views="crop_flip",
    views_per_image=8,
)

TEACHERS = {}  # the teacher is that of four_epochs
STUDENTS = {"cnn_20": ModelSpec("cnn", _RECIPE, "3-layer CNN, 20 epochs")}


def reproduce(study):
    """Labels only, distilled and control; teacher and settings as in `four_epochs`."""
    four_epochs.compare(study, "vgg8_12", "cnn_20")
