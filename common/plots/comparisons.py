"""Figures: pure functions of arrays that return a matplotlib figure.

Colors say the role: teacher, baseline, distilled, control. Titles state the finding; they
are the caller's, for only the caller knows the numbers.
"""

import numpy as np

from common.plots import style
from common.plots.style import COLORS


def dot_plot(groups, title, measure="test errors", published=None):
    """Each group's seeds as points and their mean as a line, one row a group.

    A control over five times worse than all others is a number at the right edge, so that the
    others' differences can be seen.

    Args:
        groups: {label: (role, (seeds,) floats)}, drawn from top to bottom.
        title: the finding.
        measure: what the horizontal axis shows, with its unit.
        published: {label: float}, marked by a diamond in the rows of these groups.
    """
    figure, axes = style.axes(height=0.8 + 0.55 * len(groups))
    most = max(np.mean(values) for role, values in groups.values() if role != "control")
    for place, (role, values) in enumerate(groups.values()):
        values = np.asarray(values, float)
        if role == "control" and values.mean() > 5 * most:
            _at_the_edge(axes, place, f"{values.mean():.0f} →", COLORS[role])
        else:
            _row(axes, place, values, COLORS[role])
    for place, label in enumerate(groups):
        if label in (published or {}):
            style.mark_published(axes, published[label], place)
    axes.set_yticks(range(len(groups)), groups)
    style.title(figure, title)
    axes.set(xlabel=measure, ylim=(len(groups) - 0.5, -0.7))
    return figure


def _row(axes, place, values, color):
    """Each of (seeds,) values as a point, their mean as a line with its number above."""
    mean = values.mean()
    axes.plot(values, [place] * len(values), "o", color=color, alpha=0.5)
    axes.plot([mean] * 2, [place - 0.3, place + 0.3], color=color, lw=3)
    where = {"ha": "center", "va": "bottom"}
    axes.annotate(f"{mean:.1f}", (mean, place - 0.32), color=style.text_color(color), **where)


def _at_the_edge(axes, place, text, color):
    where = {"xycoords": ("axes fraction", "data"), "ha": "right", "va": "center"}
    axes.annotate(text, (0.99, place), color=style.text_color(color), **where)


def heat_map(values, temperatures, alphas, title, measure):
    """A cell for each temperature and alpha: mean over seeds as color, ± one deviation in words.

    Args:
        values: (temperatures, alphas, seeds) floats.
        temperatures, alphas: what stands along the axes.
        title: the finding.
        measure: what the cells show, with its unit.
    """
    figure, axes = style.axes(width=1.3 * len(temperatures) + 1.8, height=0.6 * len(alphas) + 1.6)
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
    style.title(figure, title)
    return figure
