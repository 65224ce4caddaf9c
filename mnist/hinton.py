"""The MNIST experiments of Hinton, Vinyals & Dean 2015, arXiv:1503.02531, section 3.

All nets train on all 60,000 images (`Dataset.whole`), as the paper's did; their recipes were
chosen before, on the validation images, by nets that had not seen those.
"""

from pathlib import Path

from common.runs import Net, Recipe
from common.transfer_sets import TransferSet

FOLDER = Path(__file__).parent

# few epochs: the paper names no number, but dropout and jitter want hundreds
_TEACHER = Recipe(
    epochs=40,
    batch_size=256,
    learning_rate=1.5e-3,
    views="mnist_jitter",
    precision="mixed_bfloat16",
)
TEACHERS = {
    "mlp_1200": Net(
        "mlp",
        _TEACHER,
        "1200-1200 with dropout, max-norm and jitter",
        {"width": 1200, "dropout": 0.25, "max_norm": 3.0},
    )
}

# no regularization and no jitter, as in the paper
_STUDENT = Recipe(epochs=10, batch_size=256)
STUDENTS = {
    "mlp_800": Net("mlp", _STUDENT, "800-800"),
    "mlp_300": Net("mlp", _STUDENT, "300-300", {"width": 300}),
    "mlp_30": Net("mlp", _STUDENT, "30-30", {"width": 30}),
}

SEEDS = (0, 1, 2, 3, 4)
TEMPERATURE, ALPHA = 20, 0.9  # the paper's T; labels count "considerably lower", section 2
WITHOUT_3, ONLY_7_8 = TransferSet(without=(3,)), TransferSet(only=(7, 8))
