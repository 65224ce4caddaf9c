"""Methods tuned alike and the ladder of controls, on the pilot's ConvNet, which is soon trained."""

from cifar100 import pilot
from common import experiments
from common.distillation import Distillation

STUDENT, TEACHER = "pilot_cnn", "pilot_vgg8"
SELECTION_SEEDS = (5, 6)


def methods(study):
    """Groups of every method with nine settings to choose from, then on fresh seeds."""
    return experiments.compare_methods(study, STUDENT, TEACHER, selection_seeds=SELECTION_SEEDS)


def ladder(study):
    """Groups of labels alone, every control and the full teacher, at the pilot's settings."""
    settings = Distillation(pilot.TEMPERATURE, pilot.ALPHA)
    return experiments.ladder(study, STUDENT, TEACHER, settings)
