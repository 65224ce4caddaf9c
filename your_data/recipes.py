"""The example: scikit-learn's digits in a folder, a random forest as teacher, a ConvNet."""

from pathlib import Path

import numpy as np

from common.experiments.spec import StudySpec
from common.runs import ModelSpec, Recipe
from common.utils import files

FOLDER = Path(__file__).parent
DATASET = "sklearn_digits"
SPLITS = {"validation": 0.2, "test": 0.4}  # fractions of the 1,797 images
TREES = 500
# Out-of-bag probabilities are soft as they are. Temperatures from 0.25 to 4 and weights from 0.3 to
# 0.9 were tried on the validation split with three seeds: none was better than labels only.
TEMPERATURE, ALPHA = 1.0, 0.5

STUDENT = ModelSpec(
    "cnn",
    Recipe(epochs=20, batch_size=32, learning_rate=3e-3),
    "3-layer CNN, quarter width",
    {"width": 0.25},
)
STUDY = StudySpec(
    FOLDER,
    {},
    {STUDENT.title: STUDENT},
    seeds=(0, 1, 2, 3, 4),
    smoke={"seeds": [0, 1], "epochs": 2, "limit": 100},
)


def write_digits(folder):
    """scikit-learn's digits as PNG files, one subfolder per class; existing files stay as they are.

    They are the 1,797 test images of UCI's Optical Recognition of Handwritten Digits (Alpaydin &
    Kaynak 1998), 8x8 counts of dark pixels from 0 to 16, here 0 to 255. scikit-learn ships them.

    Returns:
        Path of the folder.
    """
    from PIL import Image
    from sklearn.datasets import load_digits

    digits = load_digits()
    pixels = np.rint(digits.images * 255 / 16).astype("uint8")
    for number, (image, label) in enumerate(zip(pixels, digits.target, strict=True)):
        path = Path(folder) / str(label) / f"{number:04}.png"
        if not path.exists():
            with files.atomic_write(path) as temporary:
                Image.fromarray(image).save(temporary, format="PNG")
    return Path(folder)


def as_rows(images):
    """(n, pixels) of images (n, h, w, c), as scikit-learn takes them."""
    return images.reshape(len(images), -1)


def fit_forest(split, trees=TREES, seed=0):
    """A random forest (Breiman 2001) of a data.Split, with out-of-bag probabilities."""
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(trees, oob_score=True, random_state=seed, n_jobs=-1)
    return forest.fit(as_rows(split.images), split.labels)


def smoothed(probabilities, trees=TREES):
    """Probabilities of trees with one vote added for every class together (Laplace's rule).

    A class without a vote would have probability 0, whose logarithm no temperature softens.
    """
    classes = probabilities.shape[1]
    return (trees * probabilities + 1 / classes) / (trees + 1)
