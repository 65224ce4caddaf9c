"""Figure of the methods: which logits of one image each of them raises and lowers."""

import numpy as np

from common.plots import style
from common.plots.style import COLORS

_COLUMNS = 5


def logit_steps(image, steps, label, title):
    """The negative gradient of each method with respect to the student's logits of one image.

    Each panel is scaled to its largest bar, whose length the title states: only directions are
    compared.

    Args:
        image: (h, w, c) uint8.
        steps: {name: (classes,) floats}, negative gradients.
        label: class of the image, whose bar has another color.
        title: the finding.

    Returns:
        matplotlib Figure: the image, then a panel for each method.
    """
    rows = -(-(1 + len(steps)) // _COLUMNS)
    size = {"width": 2.1 * _COLUMNS, "height": 1.9 * rows + 0.6}
    figure, grid = style.axes(_COLUMNS, rows, **size, squeeze=False)
    panels = iter(grid.flat)
    first = next(panels)
    style.show(first, image)
    first.set_title(f"label {label}", fontsize=9)
    for (name, values), axes in zip(steps.items(), panels, strict=False):
        _bars(axes, name, np.asarray(values, float), label)
    for axes in panels:
        axes.set_axis_off()
    figure.supylabel("step of the logit, relative to max", fontsize=9)
    style.title(figure, title)
    return figure


def _bars(axes, name, values, label):
    largest = np.abs(values).max()
    classes = np.arange(len(values))
    colors = [COLORS["baseline" if each == label else "distilled"] for each in classes]
    axes.bar(classes, values / (largest or 1), color=colors)
    axes.axhline(0, color="0.6", lw=1)
    axes.set_title(f"{name}, max {largest:.2g}", fontsize=9)
    axes.set(ylim=(-1.1, 1.1), yticks=(-1, 0, 1), xlabel="class")
    axes.set_xticks(classes if len(classes) <= 10 else ())
