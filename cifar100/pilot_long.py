"""Whether the pilot's gain lasts: its ConvNet in five times the epochs, cropped and flipped.

A student that repeats its images this often needs other views of them. Eight of the 162 of each
image, as FKD has it (Shen & Xing 2022, arXiv:2112.01528), keep the teacher's answers to 75 MB.
"""

import dataclasses

from cifar100 import pilot
from common.runs import ModelSpec

_RECIPE = dataclasses.replace(
    pilot.STUDENTS["pilot_cnn"].recipe,
    epochs=20,
    precision="float32",
    views="crop_flip",
    views_per_image=8,
)

TEACHERS = {}  # the pilot's teaches
STUDENTS = {"longer_cnn": ModelSpec("cnn", _RECIPE, "pilot, longer: 3-layer CNN")}


def reproduce(study):
    """Labels alone, distilled and control, by the pilot's teacher, temperature and alpha."""
    pilot.compare(study, "pilot_vgg8", "longer_cnn")
