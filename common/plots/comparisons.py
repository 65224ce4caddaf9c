"""Figures that compare groups: dot plot of seeds, heat map over temperature and alpha."""

import numpy as np

from common.plots import style
from common.plots.style import COLORS
from common.results import wording


def dot_plot(groups, title, measure="test errors", published=None):
    """Dot plot: each group's seeds as points and their mean as a line, one row per group.

    A control whose mean is over five times that of every other group is written as a number at
    the right edge, so that the differences between the other groups stay visible.

    Args:
        groups: {label: (role, (seeds,) floats)}, from top to bottom; role is a key of
            `style.COLORS`.
        title: the finding.
        measure: label of the horizontal axis, with the unit.
        published: {label: float}, marked by a diamond in the rows of these groups.

    Returns:
        matplotlib Figure.
    """
    figure, axes = style.axes(height=0.8 + 0.55 * len(groups))
    means = [np.mean(values) for role, values in groups.values() if role != "control"]
    largest = max(means, default=np.inf)
    for row, (role, values) in enumerate(groups.values()):
        values = np.asarray(values, float)
        if role == "control" and values.mean() > 5 * largest:
            _number_at_edge(axes, row, f"{values.mean():.0f} →", COLORS[role])
        else:
            _dots(axes, row, values, COLORS[role])
    published = published or {}
    marked = [(published[label], row) for row, label in enumerate(groups) if label in published]
    style.mark_published(axes, marked)
    axes.set_yticks(range(len(groups)), [style.literal(label) for label in groups])
    style.title(figure, title)
    axes.set(xlabel=measure, ylim=(len(groups) - 0.5, -0.7))
    return figure


def _dots(axes, row, values, color):
    """(seeds,) values as points, their mean as a line with its number above."""
    mean = values.mean()
    axes.plot(values, [row] * len(values), "o", color=color, alpha=0.5)
    axes.plot([mean] * 2, [row - 0.3, row + 0.3], color=color, lw=3)
    align = {"ha": "center", "va": "bottom"}
    axes.annotate(f"{mean:.1f}", (mean, row - 0.32), color=style.text_color(color), **align)


def _number_at_edge(axes, row, text, color):
    align = {"xycoords": ("axes fraction", "data"), "ha": "right", "va": "center"}
    axes.annotate(text, (0.99, row), color=style.text_color(color), **align)


def heat_map(values, temperatures, alphas, title, measure):
    """Heat map over temperature and alpha: mean over seeds as color, mean ± sd as text.

    Args:
        values: (temperatures, alphas, seeds) floats.
        temperatures, alphas: labels of the columns and rows.
        title: the finding.
        measure: label of the color bar, with the unit.

    Returns:
        matplotlib Figure.
    """
    figure, axes = style.axes(width=1.3 * len(temperatures) + 1.8, height=0.6 * len(alphas) + 1.6)
    values = np.asarray(values, float)
    image = axes.imshow(values.mean(2).T, cmap="cividis", aspect="auto", origin="lower")
    _label_cells(axes, values)
    axes.set_xticks(range(len(temperatures)), [f"{value:g}" for value in temperatures])
    axes.set_yticks(range(len(alphas)), [f"{value:g}" for value in alphas])
    axes.grid(visible=False)
    axes.set(xlabel="temperature T", ylabel="alpha, weight of the soft targets")
    figure.colorbar(image, label=measure)
    style.title(figure, title)
    return figure


def _label_cells(axes, values):
    means, sds = values.mean(2), values.std(2, ddof=1) if values.shape[2] > 1 else None
    middle = (means.min() + means.max()) / 2
    for (column, row), mean in np.ndenumerate(means):
        text = f"{mean:.2f}" + (f" ± {sds[column, row]:.2f}" if sds is not None else "")
        color = "black" if mean > middle else "white"  # cividis is dark where values are low
        axes.text(column, row, text, ha="center", va="center", color=color, fontsize=9)


def intervals(rows, title, measure):
    """Means with 95 % intervals, one row each, from top to bottom.

    Args:
        rows: {label: (role, mean, low, high)}; role is a key of `style.COLORS`; low and high may
            be nan, which draws no interval.
        title: the finding.
        measure: label of the horizontal axis, with the unit.

    Returns:
        matplotlib Figure.
    """
    figure, axes = style.axes(height=0.8 + 0.55 * len(rows))
    axes.axvline(0, color="0.6", lw=1)
    for row, (role, mean, low, high) in enumerate(rows.values()):
        color = COLORS[role]
        axes.plot([low, high], [row, row], color=color, lw=3, alpha=0.5)
        axes.plot(mean, row, "o", color=color)
        align = {"ha": "center", "va": "bottom"}
        text = {"xytext": (0, 5), "textcoords": "offset points", "color": style.text_color(color)}
        axes.annotate(wording.three_digits(mean), (mean, row), **text, **align)
    axes.set_yticks(range(len(rows)), rows)
    style.title(figure, title)
    axes.set(xlabel=measure, ylim=(len(rows) - 0.5, -0.7))
    return figure
