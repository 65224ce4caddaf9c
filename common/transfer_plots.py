"""Figures of what is transferred: a map of temperature and alpha, few images against many."""

import numpy as np

from common import drawing
from common.drawing import COLORS


def heat_map(values, temperatures, alphas, title, measure):
    """A cell for each temperature and alpha: mean over seeds as color, ± one deviation in words.

    Args:
        values: (temperatures, alphas, seeds) floats.
        temperatures, alphas: what stands along the axes.
        title: the finding.
        measure: what the cells show, with its unit.
    """
    figure, axes = drawing.axes(width=1.3 * len(temperatures) + 1.8, height=0.6 * len(alphas) + 1.6)
    values = np.asarray(values, float)
    means, spreads = values.mean(2), values.std(2, ddof=1) if values.shape[2] > 1 else None
    shown = axes.imshow(means.T, cmap="cividis", aspect="auto", origin="lower")
    middle = (means.min() + means.max()) / 2
    for (column, row), mean in np.ndenumerate(means):
        words = f"{mean:.2f}" + (f" ± {spreads[column, row]:.2f}" if spreads is not None else "")
        color = "black" if mean > middle else "white"  # cividis is dark where values are low
        axes.text(column, row, words, ha="center", va="center", color=color, fontsize=9)
    axes.set_xticks(range(len(temperatures)), [f"{value:g}" for value in temperatures])
    axes.set_yticks(range(len(alphas)), [f"{value:g}" for value in alphas])
    axes.grid(visible=False)
    axes.set(xlabel="temperature T", ylabel="alpha, weight of the soft targets")
    figure.colorbar(shown, label=measure)
    drawing.title(figure, title)
    return figure


def shares(percent, curves, title, measure):
    """A measure against the share of the training images, both axes logarithmic.

    Args:
        percent: (n,) rising floats, % of the training images.
        curves: {label: (role, (n, seeds) floats)}; role is a key of COLORS.
        title: the finding.
        measure: what the vertical axis shows, with its unit.
    """
    figure, axes = drawing.axes()
    for label, (role, values) in curves.items():
        values = np.asarray(values, float)
        drawing.curve(axes, np.asarray(percent, float), values.T, label, COLORS[role], "o-")
    drawing.title(figure, title)
    axes.set(xlabel="training images, % of all", ylabel=measure, xscale="log", yscale="log")
    drawing.label_ticks(axes.xaxis, percent)
    drawing.plain_ticks(axes.yaxis)
    axes.set_xlim(right=percent[-1] * 4)
    return figure
