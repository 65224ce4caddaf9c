"""The pilot: a teacher and two students that two CPU cores train in an hour or two.

Its few epochs show what distillation does early in training, not what the nets can reach:
every title says pilot. The full studies are `full` and `repdistiller`.
"""

import dataclasses

from cifar100 import one_cycle
from common import experiments
from common.runs import ModelSpec, Recipe

_TEACHER = dataclasses.replace(one_cycle.RECIPE, epochs=12)
# Without augmentation, which so few epochs do not need: one view, whose logits are committed.
_STUDENT = Recipe(epochs=4, batch_size=128, learning_rate=2e-3, precision="mixed_bfloat16")

TEACHERS = {"pilot_vgg8": ModelSpec("vgg8", _TEACHER, "pilot: VGG8")}
STUDENTS = {
    "pilot_cnn": ModelSpec("cnn", _STUDENT, "pilot: 3-layer CNN"),
    "pilot_resnet8": ModelSpec("resnet8", _STUDENT, "pilot: ResNet8"),
}

# As the field has it: no validation choice, so the control's settings are known beforehand.
TEMPERATURE, ALPHA = 4.0, 0.9
TEMPERATURES = (1.0, 4.0, 16.0)  # of the sweep, for one student


def reproduce(study):
    """Baseline, distilled student and control of both students, then one student's sweep."""
    for student in STUDENTS:
        compare(study, "pilot_vgg8", student)
    sweep(study, "pilot_vgg8", "pilot_cnn")


def compare(study, teacher, student):
    """Groups of a student's baseline, of the distilled student and of its control."""
    return experiments.distill(study, student, teacher, [TEMPERATURE], ALPHA, control=True)


def sweep(study, teacher, student):
    """Groups of a student's baseline and of each of `TEMPERATURES`."""
    return experiments.distill(study, student, teacher, TEMPERATURES, ALPHA)
