"""Methods tuned alike and the ladder of controls, on the ConvNet of `four_epochs` at half width.

The teacher's logits and weights are committed. The student keeps the recipe of `four_epochs`, on
half of the training images: all 283 trainings take an hour and a half on two CPU cores.
"""

from cifar100 import four_epochs
from common import experiments
from common.data.transfer_sets import TransferSet
from common.distillation import Distillation
from common.runs import ModelSpec

TEACHERS = {}  # the teacher is that of four_epochs
_RECIPE = four_epochs.STUDENTS["cnn_4"].recipe
STUDENTS = {
    "methods_cnn": ModelSpec(
        "cnn",
        _RECIPE,
        "3-layer CNN, half width, half of the images, 4 epochs",
        {"width": 0.5},
        TransferSet(share=0.5),
    )
}
STUDENT, TEACHER = "methods_cnn", "vgg8_12"
SELECTION_SEEDS = (5, 6)


def methods(study):
    """Groups of every method with nine settings to choose from, then on fresh seeds."""
    return experiments.compare_methods(study, STUDENT, TEACHER, selection_seeds=SELECTION_SEEDS)


def ladder(study):
    """Groups of labels only, each control and the full teacher, settings as in `four_epochs`."""
    settings = Distillation(four_epochs.TEMPERATURE, four_epochs.ALPHA)
    return experiments.ladder(study, STUDENT, TEACHER, settings)
