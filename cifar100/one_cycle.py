"""VGG16, ResNet164 and ShuffleNet as teachers, trained in 14 to 20 epochs: two hours each on a CPU.

One cycle of the learning rate (Smith & Topin 2018, arXiv:1708.07120) in place of the 200 epochs of
`full`; weight decay and batch size as CIFAR-100's VGGs are usually trained (weiaicunzai,
pytorch-cifar100). `CANDIDATES` compares learning rates on validation at a fifth of the epochs.
Students see eight of the 162 crops and flips of each image (FKD: Shen & Xing 2022,
arXiv:2112.01528).
"""

import dataclasses

from common import experiments
from common.runs import ModelSpec, Recipe

RECIPE = Recipe(
    epochs=20,
    batch_size=128,
    optimizer="sgd",
    learning_rate=0.1,
    warmup=0.2,
    weight_decay=5e-4,
    views="crop_flip",
    precision="mixed_bfloat16",
)
_TITLES = {"vgg16": "VGG16", "resnet164": "ResNet164", "shufflenet": "ShuffleNet"}
_RECIPES = {
    "vgg16": RECIPE,
    "resnet164": dataclasses.replace(RECIPE, epochs=14),
    # depthwise convolutions and their batch normalization are slower in bfloat16 on a CPU
    "shufflenet": dataclasses.replace(RECIPE, precision="float32"),
}
LEARNING_RATES = (0.05, 0.1, 0.2)


def _teacher(name, **changes):
    recipe = dataclasses.replace(_RECIPES[name], **changes)
    title = f"{_TITLES[name]}, {recipe.epochs} epochs"
    if changes:
        title += f" at learning rate {recipe.learning_rate}"
    return ModelSpec(name, recipe, title)


TEACHERS = {f"{name}_{recipe.epochs}": _teacher(name) for name, recipe in _RECIPES.items()}
CANDIDATES = {
    f"{name}_rate_{rate}": _teacher(name, epochs=round(recipe.epochs / 5), learning_rate=rate)
    for name, recipe in _RECIPES.items()
    for rate in LEARNING_RATES
}

_STUDENT = Recipe(
    epochs=30,
    batch_size=128,
    learning_rate=2e-3,
    precision="mixed_bfloat16",
    views="crop_flip",
    views_per_image=8,
)
STUDENTS = {
    "cnn_30": ModelSpec("cnn", _STUDENT, "3-layer CNN, 30 epochs"),
    "mlp_30": ModelSpec(
        "mlp",
        dataclasses.replace(_STUDENT, learning_rate=1e-3),
        "two-layer net, 800-800, 30 epochs",
    ),
    "cnn_ensemble_30": ModelSpec(
        "cnn_ensemble", _STUDENT, "ensemble of three 3-layer CNNs, 30 epochs"
    ),
}
TUNED_STUDENT, TUNED_TEACHER = "cnn_30", "vgg16_20"
OTHER_SEEDS = (0, 1, 2)  # of all but the tuned student

TEMPERATURES, ALPHAS = (1.0, 2.0, 4.0, 8.0), (0.9, 0.5)
TEMPERATURE, ALPHA = 2.0, 0.9  # those that validation chose for the tuned pair, see `reproduce`


def compare_learning_rates(study):
    """Groups of every teacher at a fifth of its epochs and each of `LEARNING_RATES`, one seed."""
    return [experiments.train_teacher(study, name, [0])[0] for name in CANDIDATES]


def reproduce(study):
    """Every student of every teacher at the settings tuned for one pair, with controls; a sweep."""
    for teacher in TEACHERS:
        experiments.train_teacher(study, teacher, [0])
    experiments.tune(study, TUNED_STUDENT, TUNED_TEACHER, TEMPERATURES, ALPHAS)
    few = study.replaced(seeds=[seed for seed in study.seeds if seed in OTHER_SEEDS])
    for teacher in TEACHERS:
        for student in STUDENTS:
            compare(study if student == TUNED_STUDENT else few, teacher, student)
    sweep(study, "shufflenet_20", TUNED_STUDENT)


def compare(study, teacher, student):
    """Groups of a student's baseline, of the distilled student and of its control."""
    return experiments.distill(study, student, teacher, [TEMPERATURE], ALPHA, control=True)


def sweep(study, teacher, student):
    """Groups of a student's baseline and of each of `TEMPERATURES`."""
    return experiments.distill(study, student, teacher, TEMPERATURES, ALPHA)
