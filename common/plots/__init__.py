"""Every figure of the notebooks, one function each.

May import `results`, `metrics` and `utils`.
"""

from common.plots.comparisons import heat_map, strip
from common.plots.curves import bias_sweep, learning_curves, line, shares, temperature_sweep
from common.plots.images import (
    contact_sheet,
    images_with_soft_targets,
    labeled_images,
    most_probable,
)

__all__ = [
    "bias_sweep",
    "contact_sheet",
    "heat_map",
    "images_with_soft_targets",
    "labeled_images",
    "learning_curves",
    "line",
    "most_probable",
    "shares",
    "strip",
    "temperature_sweep",
]
