"""VGG8 in 12 epochs and two students in 4: two CPU cores train all of them in an hour or two.

So few epochs show what distillation does early in training, not what the nets can reach.
"""

import dataclasses

from cifar100 import one_cycle
from common import experiments
from common.runs import ModelSpec, Recipe

_TEACHER = dataclasses.replace(one_cycle.RECIPE, epochs=12)
# Without augmentation, which so few epochs do not need: one view, whose logits are committed.
_STUDENT = Recipe(epochs=4, batch_size=128, learning_rate=2e-3, precision="mixed_bfloat16")

TEACHERS = {"vgg8_12": ModelSpec("vgg8", _TEACHER, "VGG8, 12 epochs")}
STUDENTS = {
    "cnn_4": ModelSpec("cnn", _STUDENT, "3-layer CNN, 4 epochs"),
    "resnet8_4": ModelSpec("resnet8", _STUDENT, "ResNet8, 4 epochs"),
}

# As the field has it: no validation choice, so the control's settings are known beforehand.
TEMPERATURE, ALPHA = 4.0, 0.9
TEMPERATURES = (1.0, 4.0, 16.0)  # of the sweep, for one student


def reproduce(study):
    """Baseline, distilled student and control of both students, then one student's sweep."""
    for student in STUDENTS:
        compare(study, "vgg8_12", student)
    sweep(study, "vgg8_12", "cnn_4")


def compare(study, teacher, student):
    """Groups of a student's baseline, of the distilled student and of its control."""
    return experiments.distill(study, student, teacher, [TEMPERATURE], ALPHA, control=True)


def sweep(study, teacher, student):
    """Groups of a student's baseline and of each of `TEMPERATURES`."""
    return experiments.distill(study, student, teacher, TEMPERATURES, ALPHA)
