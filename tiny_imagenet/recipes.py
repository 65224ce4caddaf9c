"""Tiny ImageNet's teachers and students: which net, and how it is trained here.

Those here need a GPU: days on two CPU cores. `one_cycle` is shorter, `twenty_classes` smaller.
"""

import dataclasses
from pathlib import Path

from common import experiments
from common.experiments.spec import StudySpec
from common.runs import ModelSpec, Recipe
from tiny_imagenet import one_cycle

FOLDER = Path(__file__).parent

# TropComplique, ShuffleNet-tensorflow: 40 epochs, batches of 200, Nesterov momentum 0.9 at 0.1, a
# tenth of it where accuracy on what is the test split here stalled (after epochs 10 and 28), weight
# decay 0.005 on kernels; flips, color jitter, crops of 56 out of 64 pixels; 48.9 % in the last
# epoch, 49.4 % in the best. What differs here: 90,000 of the 100,000 training images, drops at
# epochs fixed beforehand, weight decay on all weights, crops that keep the 64 pixels, with zeros
# around the image, and colors as they are.
_PRINTED = Recipe(
    epochs=40,
    batch_size=200,
    optimizer="sgd",
    learning_rate=0.1,
    schedule="steps",
    milestones=(10, 28),
    weight_decay=5e-3,
    views="crop_flip_64",
)
# Ours for the same net in as many epochs: a cosine after a warm-up (Loshchilov & Hutter 2017,
# arXiv:1608.03983; Goyal et al. 2017, arXiv:1706.02677), for so small a net and so few epochs
# less dropout. Validation chooses among `CANDIDATES`.
_OURS = dataclasses.replace(
    _PRINTED, learning_rate=0.2, schedule="cosine", milestones=(), warmup=0.05, weight_decay=1e-4
)
# RepDistiller's for CIFAR-100 (Tian et al. 2020, arXiv:1910.10699, section 4), with a cosine in
# place of its steps and 100 epochs instead of 240.
_DEEP = Recipe(
    epochs=100,
    batch_size=128,
    optimizer="sgd",
    learning_rate=0.1,
    warmup=0.02,
    weight_decay=5e-4,
    views="crop_flip_64",
    precision="mixed_bfloat16",
)

TEACHERS = {
    "shufflenet": ModelSpec(
        "shufflenet_tiny", _PRINTED, "ShuffleNet ×0.75, close to its own recipe"
    ),
    "shufflenet_cosine": ModelSpec("shufflenet_tiny", _OURS, "ShuffleNet ×0.75, cosine"),
    "shufflenet_light": ModelSpec(
        "shufflenet_tiny", _OURS, "ShuffleNet ×0.75, cosine, dropout 0.1", {"dropout": 0.1}
    ),
    "shufflenet_free": ModelSpec(
        "shufflenet_tiny",
        dataclasses.replace(_OURS, weight_decay=4e-5),
        "ShuffleNet ×0.75, cosine, no dropout",
        {"dropout": 0.0},
    ),
    "vgg13": ModelSpec("vgg13", _DEEP, "VGG13"),
    "resnet56": ModelSpec("resnet56", _DEEP, "ResNet56"),
    "resnet110": ModelSpec("resnet110", _DEEP, "ResNet110"),
    "vgg16": ModelSpec("vgg16", _DEEP, "VGG16"),
} | one_cycle.TEACHERS
CANDIDATES = ("shufflenet_cosine", "shufflenet_light", "shufflenet_free")

# Sixteen views of each image (FKD: Shen & Xing 2022, arXiv:2112.01528), since the logits of all
# 578 would fill 21 GB.
_STUDENT = dataclasses.replace(_DEEP, views_per_image=16)
# Adam for the nets whose last layer sees thousands of features: on 20 classes SGD diverged on one.
_WIDE_HEAD = dataclasses.replace(_STUDENT, optimizer="adam", learning_rate=1e-3, weight_decay=0.0)

STUDENTS = {
    "vgg8": ModelSpec("vgg8", _STUDENT, "VGG8"),
    "resnet20": ModelSpec("resnet20", _STUDENT, "ResNet20"),
    "cnn": ModelSpec("cnn", _WIDE_HEAD, "3-layer CNN"),
    "cnn_ensemble": ModelSpec("cnn_ensemble", _WIDE_HEAD, "ensemble of three 3-layer CNNs"),
    "mlp": ModelSpec("mlp", _WIDE_HEAD, "two-layer net, 800-800"),
} | one_cycle.STUDENTS

# Who teaches whom; "chosen" is the ShuffleNet of `CANDIDATES` with the fewest validation errors.
PAIRS = (
    ("chosen", "cnn"),
    ("chosen", "cnn_ensemble"),
    ("chosen", "mlp"),
    ("vgg13", "vgg8"),
    ("resnet56", "resnet20"),
)
SEEDS = (0, 1, 2)
TEMPERATURES = (1, 2, 4, 8)
ALPHAS = (0.9, 0.5)

# Accuracy in % that others print, on the same images; the last epoch's where both are given.
PUBLISHED = {
    "shufflenet": 48.9,
    "vgg13": 60.09,
    "resnet56": 58.34,
    "vgg8": 56.03,
    "resnet20": 52.66,
    ("vgg13", "vgg8"): 57.33,
    ("resnet56", "resnet20"): 53.04,
}


def reproduce(study):
    """Every run behind the tables in the order of `PAIRS`; finished ones are read."""
    experiments.train_teacher(study, "shufflenet")
    for teacher, student in PAIRS:
        compare(study, teacher, student)
    for teacher in ("vgg16", "resnet110"):
        experiments.train_teacher(study, teacher, study.seeds[:1])


def compare(study, teacher, student):
    """Groups of a student's baseline, tuned on validation, and of its control."""
    name = choose(study) if teacher == "chosen" else teacher
    experiments.train_teacher(study, name)
    return experiments.tune(study, student, name, teacher_seed=study.seeds[0])


def choose(study):
    """Name of the candidate with the fewest validation errors, all trained with one seed."""
    runs = [study.teacher(name, study.seeds[0]) for name in CANDIDATES]
    errors = [record["validation"]["errors"] for record in study.train(runs)]
    return CANDIDATES[errors.index(min(errors))]


STUDY = StudySpec(
    folder=FOLDER,
    teachers=TEACHERS,
    students=STUDENTS,
    seeds=SEEDS,
    temperatures=TEMPERATURES,
    alphas=ALPHAS,
    steps={"study": reproduce, "one_cycle": one_cycle.reproduce},
)
