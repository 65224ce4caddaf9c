"""The full study: deep teachers, small students, every pair of them, 200 epochs.

Batch size, momentum, weight decay and epochs are those of weiaicunzai's pytorch-cifar100, which
prints VGG16-BN 72.93 % and ShuffleNet 70.06 %; its steps of the learning rate are replaced by a
cosine after one epoch of warm-up (Loshchilov & Hutter 2017, arXiv:1608.03983), its rotations by
crops. A GPU's work: weeks on two CPU cores.
"""

import dataclasses

from common import experiments
from common.runs import ModelSpec, Recipe

_RECIPE = Recipe(
    epochs=200,
    batch_size=128,
    optimizer="sgd",
    learning_rate=0.1,
    warmup=1 / 200,
    weight_decay=5e-4,
    views="crop_flip",
)

_WITHOUT_BATCH_NORM = dataclasses.replace(_RECIPE, learning_rate=0.02)
_CNN = ModelSpec("cnn", _RECIPE, "3-layer CNN")
TEACHERS = {
    "cnn": _CNN,
    "vgg16": ModelSpec("vgg16", _RECIPE, "VGG16"),
    "resnet164": ModelSpec("resnet164", _RECIPE, "ResNet164"),
    "shufflenet": ModelSpec("shufflenet", _RECIPE, "ShuffleNet"),
}
STUDENTS = {
    "mlp": ModelSpec("mlp", _WITHOUT_BATCH_NORM, "two-layer net, 800-800"),
    "cnn": _CNN,
    "cnn_ensemble": ModelSpec("cnn_ensemble", _RECIPE, "ensemble of three 3-layer CNNs"),
}

TEMPERATURES = (1, 2, 4, 8)
ALPHA = 0.9  # of the sweep over temperatures; the other is tried at the best one
ALPHAS = (ALPHA, 0.5)

# Accuracy in % of teachers on labels only that others print: weiaicunzai, pytorch-cifar100; for
# ResNet164 He et al. 2016, arXiv:1603.05027.
PUBLISHED = {"vgg16": 72.93, "resnet164": 75.67, "shufflenet": 70.06}


def reproduce(study):
    """Every teacher, then every student with it, temperature and alpha by validation."""
    for teacher in TEACHERS:
        experiments.train_teacher(study, teacher)
        for student in STUDENTS:
            compare(study, teacher, student)


def compare(study, teacher, student):
    """Groups of a student on labels only, tuned on validation, and of its control."""
    return experiments.tune(study, student, teacher, TEMPERATURES, ALPHAS)


sweep = compare  # tuning covers every temperature
