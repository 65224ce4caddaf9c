"""Teachers and student on 20 classes, of a size for two CPU cores: none takes them an hour."""

from pathlib import Path

from common import experiments
from common.experiments.spec import StudySpec
from common.runs import ModelSpec, Recipe

FOLDER = Path(__file__).parent

# Adam, for SGD at 0.05 diverged in its first steps: this ConvNet's last layer sees 8,192 features.
# The student sees six views of each image (FKD: Shen & Xing 2022, arXiv:2112.01528) in six epochs.
_SHARED = {"batch_size": 64, "learning_rate": 2e-3, "warmup": 0.1, "views": "crop_flip_64"}
_SHARED |= {"precision": "mixed_bfloat16"}

# In float32: the kernels of depthwise convolutions in bfloat16 are slower on a CPU.
_SHUFFLENET = Recipe(
    epochs=36,
    batch_size=64,
    optimizer="sgd",
    learning_rate=0.1,
    warmup=0.05,
    weight_decay=5e-4,
    views="crop_flip_64",
)

TEACHERS = {
    "cnn": ModelSpec("cnn", Recipe(epochs=20, **_SHARED), "3-layer CNN"),
    "shufflenet": ModelSpec("shufflenet_tiny", _SHUFFLENET, "ShuffleNet ×0.75", {"dropout": 0.0}),
}
STUDENTS = {
    "cnn_half": ModelSpec(
        "cnn",
        Recipe(epochs=6, views_per_image=6, **_SHARED),
        "3-layer CNN of half the width",
        {"width": 0.5},
    )
}

SEEDS = (0, 1, 2, 3, 4)
TEMPERATURES = (1, 4, 16)
ALPHAS = (0.9,)


def reproduce(study):
    """Every run behind the table; finished ones are read. Only the first seed teaches."""
    for teacher in TEACHERS:
        experiments.train_teacher(study, teacher, study.seeds[:1])
        experiments.tune(study, "cnn_half", teacher, teacher_seed=study.seeds[0])


STUDY = StudySpec(
    folder=FOLDER,
    teachers=TEACHERS,
    students=STUDENTS,
    seeds=SEEDS,
    temperatures=TEMPERATURES,
    alphas=ALPHAS,
    steps={"twenty_classes": reproduce},
    former_steps={"pilot": "twenty_classes"},
)
