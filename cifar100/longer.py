"""Whether the pilot's gain lasts: its ConvNet in five times the epochs, cropped and flipped.

A student that repeats its images this often needs other views of them. Eight of the 162 of each
image, as FKD has it (Shen & Xing 2022, arXiv:2112.01528), keep the teacher's answers to 75 MB.
"""

import dataclasses

from cifar100 import pilot
from common import experiments
from common.runs import Net

_RECIPE = dataclasses.replace(
    pilot.STUDENTS["pilot_cnn"].recipe,
    epochs=20,
    precision="float32",
    views="crop_flip",
    sampled_views=8,
)

TEACHERS = {}  # the pilot's teaches
STUDENTS = {"longer_cnn": Net("cnn", _RECIPE, "pilot, longer: 3-layer CNN")}


def reproduce(study, seeds):
    """The student on labels alone and distilled, at the pilot's temperature and alpha."""
    logits = study.logits_for("longer_cnn", "pilot_vgg8")
    settings = ("longer_cnn", seeds, [pilot.TEMPERATURE], pilot.ALPHA)
    return experiments.distill(study, logits, *settings)
