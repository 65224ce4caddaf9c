"""ShuffleNet as teacher on all 200 classes in 12 epochs, for a CPU: about three hours on two cores.

One cycle of the learning rate (Smith & Topin 2018, arXiv:1708.07120); the published recipe takes
40 epochs (`recipes`). Students see eight of the 578 crops and flips of each image (FKD: Shen & Xing
2022, arXiv:2112.01528).
"""

import dataclasses

from common import experiments
from common.runs import ModelSpec, Recipe

# In float32: batch normalization in bfloat16 takes five times as long on a CPU.
_TEACHER = Recipe(
    epochs=12,
    batch_size=128,
    optimizer="sgd",
    learning_rate=0.2,
    warmup=0.2,
    weight_decay=1e-4,
    views="crop_flip_64",
)
_STUDENT = Recipe(
    epochs=15,
    batch_size=128,
    learning_rate=1e-3,
    warmup=0.1,
    precision="mixed_bfloat16",
    views="crop_flip_64",
    views_per_image=8,
)

TEACHERS = {
    "shufflenet_12": ModelSpec(
        "shufflenet_tiny", _TEACHER, "ShuffleNet ×0.75, 12 epochs", {"dropout": 0.0}
    )
}
STUDENTS = {
    "cnn_15": ModelSpec("cnn", _STUDENT, "3-layer CNN, 15 epochs"),
    "mlp_15": ModelSpec(
        "mlp",
        dataclasses.replace(_STUDENT, learning_rate=5e-4),
        "two-layer net, 800-800, 15 epochs",
    ),
}
TEMPERATURES, ALPHA = (4.0, 1.0, 8.0), 0.9  # the control is trained at the first


def reproduce(study):
    """The teacher, then each student on labels only, at each temperature, and its control."""
    experiments.train_teacher(study, "shufflenet_12", [0])
    for student in STUDENTS:
        experiments.distill(study, student, "shufflenet_12", TEMPERATURES, ALPHA, control=True)
