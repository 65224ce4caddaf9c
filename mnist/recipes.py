"""MNIST's teachers and students: which net, and how it is trained here."""

from pathlib import Path

from common import experiments
from common.data.transfer_sets import TransferSet
from common.experiments import deployment
from common.experiments.deployment import Deployment
from common.experiments.spec import StudySpec
from common.runs import ModelSpec, Recipe
from mnist import hinton

FOLDER = Path(__file__).parent

# The deep teachers' are short one-cycle recipes (Smith & Topin 2018, arXiv:1708.07120) that two
# CPU cores finish in an hour or two; the published ones take 200 epochs.
_JITTERED = {"views": "mnist_jitter"}
_DEEP = _JITTERED | {
    "batch_size": 64,
    "optimizer": "sgd",
    "warmup": 0.15,
    "final_lr_fraction": 0.01,
    "weight_decay": 5e-4,
    "precision": "mixed_bfloat16",
}

TEACHERS = {
    "cnn": ModelSpec(
        "cnn",
        Recipe(epochs=6, learning_rate=2e-3, **_JITTERED),
        "3-layer CNN",
    ),
    "cnn_ensemble": ModelSpec(
        "cnn_ensemble",
        Recipe(epochs=3, learning_rate=4e-3, **_JITTERED),
        "three 3-layer CNNs, quarter width",
        {"members": 3, "width": 0.25},
    ),
    "vgg16": ModelSpec("vgg16", Recipe(epochs=6, learning_rate=0.05, **_DEEP), "VGG16"),
    "resnet164": ModelSpec("resnet164", Recipe(epochs=8, learning_rate=0.1, **_DEEP), "ResNet164"),
}

# Weak for lack of images, not of units: a student that labels only leave at about 97 % and soft
# targets help most. Chosen on validation among widths, shares of the images and numbers of updates.
_PART = TransferSet(share=0.05)
_FEW = Recipe(epochs=8, batch_size=32, learning_rate=3e-3)

STUDENTS = {
    "mlp": ModelSpec("mlp", Recipe(epochs=10, batch_size=256), "two-layer net, 800-800"),
    "cnn": ModelSpec(
        "cnn",
        Recipe(epochs=4, learning_rate=2e-3, precision="mixed_bfloat16"),
        "3-layer CNN",
    ),
    "cnn_ensemble": ModelSpec(
        "cnn_ensemble",
        Recipe(epochs=4, learning_rate=4e-3),
        "three 3-layer CNNs, quarter width",
        {"members": 3, "width": 0.25},
    ),
    "cnn_small": ModelSpec(
        "cnn", _FEW, "3-layer CNN, half width, 5 % of images", {"width": 0.5}, _PART
    ),
    "cnn_few": ModelSpec("cnn", _FEW, "3-layer CNN, 5 % of images", transfer_set=_PART),
    "mlp_few": ModelSpec(
        "mlp",
        Recipe(epochs=10, batch_size=64),
        "two-layer net, 5 % of images",
        transfer_set=_PART,
    ),
    "cnn_ensemble_few": ModelSpec(
        "cnn_ensemble",
        _FEW,
        "three 3-layer CNNs, quarter width, 5 % of images",
        {"members": 3, "width": 0.25},
        _PART,
    ),
}
TUNED_STUDENTS = (
    "mlp",
    "cnn_small",
)  # students whose temperature and alpha are chosen on validation
# distilled from every teacher: on few images, then on all
PAIRED_STUDENTS = (
    "cnn_small",
    "cnn_few",
    "mlp_few",
    "cnn_ensemble_few",
    "cnn",
    "mlp",
    "cnn_ensemble",
)
# distilled from every seed of one teacher: the student of the published table, and one that loses
REPEATED_TEACHER, ITS_STUDENTS = "cnn_ensemble", ("cnn_small", "cnn_ensemble")

# methods tuned alike, on the student of the published table
METHODS_STUDENT, METHODS_TEACHERS = "cnn_small", ("cnn", "resnet164")
# the ladder of controls, on few images and on all, at the settings that validation chose
LADDER_STUDENTS, LADDER_TEACHER = ("cnn_small", "mlp"), "cnn"

# the same number of updates whatever the share: each epoch passes over that many fewer images
DATA_FRACTIONS = {1: 100, 3: 33, 10: 10, 100: 1}  # {% of the images: epochs}
LOW_DATA_STUDENTS = {share: f"mlp_{share}" for share in DATA_FRACTIONS}
STUDENTS |= {
    LOW_DATA_STUDENTS[share]: ModelSpec(
        "mlp",
        Recipe(epochs=epochs, batch_size=64),
        f"two-layer net, {share} % of images",
        transfer_set=TransferSet(share=share / 100),
    )
    for share, epochs in DATA_FRACTIONS.items()
}

# to a device: the student of the published table at four widths
_WIDTHS = {"cnn_eighth": 0.125, "cnn_quarter": 0.25}
STUDENTS |= {
    name: ModelSpec("cnn", _FEW, f"3-layer CNN, {share}, 5 % of images", {"width": width}, _PART)
    for (name, width), share in zip(_WIDTHS.items(), ("1/8 width", "1/4 width"), strict=True)
}
DEVICE = Deployment("resnet164", "cnn_small", ("cnn_eighth", "cnn_quarter", "cnn_small", "cnn_few"))

SEEDS = (0, 1, 2, 3, 4)
TEMPERATURES = (1, 2, 4, 8, 20)
ALPHAS = (0.9, 0.5)
MAP_ALPHAS = (0.25, 0.5, 0.75, 1.0)


def train_students(study):
    """The 3-layer CNN as teacher, and the two students tuned for it."""
    experiments.train_teacher(study, "cnn")
    for student in TUNED_STUDENTS:
        experiments.tune(study, student, "cnn")


def pairs(study, teachers=tuple(TEACHERS), students=PAIRED_STUDENTS):
    """Students by teachers, at the settings that validation chose for the first student of each.

    The first student also learns at all temperatures, and has its control.
    """
    groups, (first, *others) = [], students
    for teacher in teachers:
        tuned = experiments.tune(study, first, teacher)
        groups += tuned + experiments.train_pairs(
            study, others, [teacher], experiments.chosen_settings(tuned)
        )
    return groups


def published(study):
    """The published table's student, tuned for each teacher, with its control."""
    return pairs(study, students=PAIRED_STUDENTS[:1])


def repeated_teacher(study):
    """Students of each training of the three CNNs, at the settings of its first."""
    chosen = experiments.chosen_settings(
        experiments.tune(study, PAIRED_STUDENTS[0], REPEATED_TEACHER)
    )
    names = (ITS_STUDENTS, [REPEATED_TEACHER])
    return experiments.train_pairs(study, *names, chosen, teacher_seeds=study.seeds)


def temperature_alpha_grid(study):
    """Every temperature and alpha, of the two-layer net on few images."""
    return experiments.grid(study, "mlp_few", "cnn", TEMPERATURES, MAP_ALPHAS)


def low_data(study):
    """The two-layer net on rising fractions of the images, with and without soft targets."""
    chosen = experiments.chosen_settings(experiments.tune(study, "cnn_small", "cnn"))
    return experiments.train_pairs(study, LOW_DATA_STUDENTS.values(), ["cnn"], chosen)


def methods(study, teachers=METHODS_TEACHERS):
    """Every method with nine settings to choose from, then on fresh seeds, for each teacher."""
    by_teacher = [experiments.compare_methods(study, METHODS_STUDENT, name) for name in teachers]
    return [group for groups in by_teacher for group in groups]


def ladder(study, students=LADDER_STUDENTS):
    """{student: groups} of labels only, every control and the full teacher."""
    groups = {}
    for student in students:
        chosen = experiments.chosen_settings(experiments.tune(study, student, LADDER_TEACHER))
        groups[student] = experiments.ladder(study, student, LADDER_TEACHER, chosen)
    return groups


def device(study):
    """Students of four widths, alone and distilled, at the settings of the published table."""
    return deployment.train(study, DEVICE)


def _hinton(study):
    hinton.reproduce(study.replaced(spec=hinton.STUDY, dataset=study.dataset.trainval()))


STUDY = StudySpec(
    folder=FOLDER,
    teachers=TEACHERS,
    students=STUDENTS,
    seeds=SEEDS,
    temperatures=TEMPERATURES,
    alphas=ALPHAS,
    steps={
        "students": train_students,
        "published": published,
        "map": temperature_alpha_grid,
        "few_shot": low_data,
        "crossed": pairs,
        "trainings": repeated_teacher,
        "hinton": _hinton,
        "methods": methods,
        "ladder": ladder,
        "device": device,
    },
    # small enough for two CPU cores in a few minutes, large enough to show the effect
    smoke={"seeds": [0, 1, 2], "epochs": 4, "limit": 8_000},
    smoke_by_notebook={  # their students are many
        "04_hinton_2015": {"seeds": [0], "limit": 4_000},
        "05_what_is_transferred": {
            "seeds": [0],
            "students": ["cnn_small", "mlp_few", "cnn_ensemble_few"],  # not the slowest
        },
        "06_methods": {
            "seeds": [0],
            "selection_seeds": [1],
            "student": "mlp_few",
            "teachers": ["cnn"],
            "methods": ["kd", "dkd"],
        },
        "08_to_a_device": {  # a teacher that trains in a minute; too few images for int8
            "seeds": [0],
            "teacher": "cnn",
            "students": ["cnn_eighth", "cnn_small"],
            "precisions": ["float32"],
        },
    },
)
