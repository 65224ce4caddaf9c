"""MNIST's teachers and students: which net, and how it is trained here."""

from pathlib import Path

from common import experiments
from common.runs import Net, Recipe
from mnist import hinton

FOLDER = Path(__file__).parent

# The deep teachers' are short one-cycle recipes (Smith & Topin 2018, arXiv:1708.07120) that two
# CPU cores finish in an hour or two; the published ones take 200 epochs.
_ONE_CYCLE = {"batch_size": 64, "optimizer": "sgd", "warmup": 0.15, "final": 0.01}
_JITTERED = {"views": "mnist_jitter"}

TEACHERS = {
    "cnn": Net(
        "cnn",
        Recipe(epochs=6, learning_rate=2e-3, **_JITTERED),
        "3-layer CNN",
    ),
    "vgg16": Net(
        "vgg16",
        Recipe(
            epochs=6,
            learning_rate=0.05,
            weight_decay=5e-4,
            precision="mixed_bfloat16",
            **_ONE_CYCLE,
            **_JITTERED,
        ),
        "VGG16",
    ),
    "resnet164": Net(
        "resnet164",
        Recipe(epochs=3, learning_rate=0.1, weight_decay=1e-4, **_ONE_CYCLE, **_JITTERED),
        "ResNet164",
    ),
}

STUDENTS = {
    "mlp": Net("mlp", Recipe(epochs=10, batch_size=256), "two-layer net, 800-800"),
    "cnn_small": Net(
        "cnn",
        Recipe(epochs=3, learning_rate=1e-2),
        "small 3-layer CNN",
        {"width": 0.064},
    ),
}

SEEDS = (0, 1, 2, 3, 4)
TEMPERATURES = (1, 2, 4, 8, 20)
ALPHAS = (0.9, 0.5)


def _students(study, seeds):
    experiments.train_teacher(study, "cnn", seeds)
    logits = study.logits("cnn")
    for student in STUDENTS:
        experiments.tune(study, logits, student, seeds, TEMPERATURES, ALPHAS)


def _hinton(study, seeds):
    hinton.reproduce(study.beside(hinton, study.dataset.whole()), seeds)


# what `python -m mnist reproduce` trains, in this order; finished runs are read
PARTS = {"students": _students, "hinton": _hinton}

# `make mnist`: small enough for two CPU cores in a few minutes, large enough to show the effect
QUICK = {"seeds": [0, 1, 2], "epochs": 4, "limit": 8_000}
