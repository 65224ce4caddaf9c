"""Methods tuned alike and the ladder of controls, on the pilot's ConvNet at half width.

The teacher's logits and weights are committed. The student keeps the pilot's recipe, on half of the
training images: the 283 trainings of both studies take an hour and a half on two CPU cores.
"""

from cifar100 import pilot
from common import experiments
from common.data.transfer_sets import TransferSet
from common.distillation import Distillation
from common.runs import ModelSpec

TEACHERS = {}  # the pilot's teaches
_RECIPE = pilot.STUDENTS["pilot_cnn"].recipe
STUDENTS = {
    "methods_cnn": ModelSpec(
        "cnn",
        _RECIPE,
        "pilot: 3-layer CNN, half width, half of the images",
        {"width": 0.5},
        TransferSet(share=0.5),
    )
}
STUDENT, TEACHER = "methods_cnn", "pilot_vgg8"
SELECTION_SEEDS = (5, 6)


def methods(study):
    """Groups of every method with nine settings to choose from, then on fresh seeds."""
    return experiments.compare_methods(study, STUDENT, TEACHER, selection_seeds=SELECTION_SEEDS)


def ladder(study):
    """Groups of labels alone, every control and the full teacher, at the pilot's settings."""
    settings = Distillation(pilot.TEMPERATURE, pilot.ALPHA)
    return experiments.ladder(study, STUDENT, TEACHER, settings)
