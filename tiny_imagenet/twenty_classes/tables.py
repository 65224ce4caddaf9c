"""Table of Tiny ImageNet's quick study: teachers and students on 20 classes, from records only."""

from common import results
from tiny_imagenet.twenty_classes import recipes

FOLDER = recipes.FOLDER

TABLES = {"students": results.study_table(recipes)}
TEMPERATURE_SWEEPS = [  # of the interactive page
    (recipes.STUDENTS["cnn_half"], teacher) for teacher in recipes.TEACHERS.values()
]
PICTURES = {}
