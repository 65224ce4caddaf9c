"""ResNet56 -> ResNet20 in 40 epochs: a sixth of the 240 that `repdistiller` reproduces, for a CPU.

The learning rate follows one cosine after a warm-up in place of three steps; batches are twice as
large and the learning rate with them (Goyal et al. 2017, arXiv:1706.02677). Nets learn from
45,000 images; the other 5,000 choose temperature and weight. Students see 16 of the 162 crops and
flips of each image, as in FKD (Shen & Xing 2022, arXiv:2112.01528).
"""

import dataclasses

from cifar100 import one_cycle
from common import experiments
from common.runs import ModelSpec

_TEACHER = dataclasses.replace(one_cycle.RECIPE, epochs=40, warmup=0.05)
_STUDENT = dataclasses.replace(_TEACHER, views_per_image=16)
_DOUBLED = dataclasses.replace(_STUDENT, learning_rate=2 * _STUDENT.learning_rate)

TEACHERS = {"resnet56_40": ModelSpec("resnet56", _TEACHER, "ResNet56, 40 epochs")}
STUDENTS = {
    "resnet20_40": ModelSpec("resnet20", _STUDENT, "ResNet20, 40 epochs"),
    "resnet20_40_doubled": ModelSpec(
        "resnet20", _DOUBLED, "ResNet20, 40 epochs, learning rate doubled"
    ),
}

SEEDS = (0, 1, 2)
TEMPERATURE, ALPHA = 4.0, 0.9  # as printed
TEMPERATURES, ALPHAS = (2.0, 4.0, 8.0), (0.9, 0.97)


def reproduce(study):
    """Baseline, distilled as printed, tuned by validation and control; then twice the rate."""
    study = study.replaced(seeds=[seed for seed in study.seeds if seed in SEEDS])
    experiments.train_teacher(study, "resnet56_40", [0])
    for student in STUDENTS:
        experiments.distill(study, student, "resnet56_40", [TEMPERATURE], ALPHA, control=True)
    experiments.tune(study, "resnet20_40", "resnet56_40", TEMPERATURES, ALPHAS)
