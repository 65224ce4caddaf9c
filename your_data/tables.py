"""Tables of the example: the student beside its baseline and its control, from records only."""

from common import results
from your_data import recipes

FOLDER = recipes.FOLDER


def forest(groups):
    """Markdown table of the ConvNet: baseline, distilled from the forest, control."""
    return results.students_by_settings([recipes.STUDENT], groups)


TABLES = {"forest": forest}
TEMPERATURE_SWEEPS = []  # of the interactive page: none is planned
PICTURES = {}
