"""Figures of the notebooks, one function each: arrays in, a matplotlib figure out.

Colors encode the role: teacher, baseline, distilled, control (`style.COLORS`, color-blind safe).
Titles state the finding; the caller writes them, because only the caller knows the numbers.
Importing this does not import Keras. May import `results`, `metrics` and `utils`.
"""

from common.plots.comparisons import dot_plot, heat_map, intervals
from common.plots.curves import (
    bias_sweep,
    data_fraction_curves,
    learning_curves,
    temperature_curve,
    temperature_sweep,
)
from common.plots.deployment import accuracy_over_latency, device_figure, pareto_front
from common.plots.gradients import logit_steps
from common.plots.images import (
    contact_sheet,
    images_with_soft_targets,
    labeled_images,
    top_classes,
)

__all__ = [
    "accuracy_over_latency",
    "bias_sweep",
    "contact_sheet",
    "data_fraction_curves",
    "device_figure",
    "dot_plot",
    "heat_map",
    "images_with_soft_targets",
    "intervals",
    "labeled_images",
    "learning_curves",
    "logit_steps",
    "pareto_front",
    "temperature_curve",
    "temperature_sweep",
    "top_classes",
]
