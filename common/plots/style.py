"""Style shared by all figures: colors by role, axes, titles, bands and labels."""

import functools
import re
import sys
import textwrap

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, NullLocator

COLORS = {  # from Okabe & Ito's color-blind-safe set
    "teacher": "#0072B2",
    "baseline": "#E69F00",
    "distilled": "#009E73",
    "control": "#999999",
}
STYLE = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "figure.dpi": 96,
    "figure.constrained_layout.use": True,
}
_ROUND_TEMPERATURES = (0.5, 1, 2, 5, 10, 20, 50)


def title(figure, finding):
    """Figure title at the left edge, wrapped to the figure's width; `T = 4` stays on one line."""
    finding = re.sub(r"\b(p|T|α) ([=<]) ", "\\1\u00a0\\2\u00a0", literal(finding))
    characters = int(figure.get_figwidth() * 12)
    lines = [part for line in finding.split("\n") for part in textwrap.wrap(line, characters)]
    figure.suptitle("\n".join(lines), x=0.01, ha="left", fontsize=12)


def literal(text):
    """Text whose dollar signs matplotlib shows, instead of reading formulas between them."""
    return str(text).replace("$", r"\$")


def text_color(color):
    """Darker shade of a curve's color, for text: it needs more contrast than areas do."""
    return tuple(0.65 * channel for channel in to_rgb(color))


def axes(columns=1, rows=1, width=7.0, height=4.0, **options):
    """Figure and axes in `STYLE`: `plt.subplots` of width x height inches, with its `options`."""
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(rows, columns, figsize=(width, height), **options)
    plt.close(figure)  # else a notebook displays it twice: by pyplot and as the cell's value
    _show_in_notebooks()
    return figure, axes


def _show_in_notebooks():
    """In a notebook, show figures as PNG under every backend, such as that of $MPLBACKEND.

    Only matplotlib's inline backend does so by itself; others would print the figure's size.
    """
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None or not hasattr(shell, "kernel"):
        return
    from IPython.core.pylabtools import print_figure

    formatter = shell.display_formatter.formatters["image/png"]
    if Figure not in formatter:
        formatter.for_type(Figure, functools.partial(print_figure, base64=True))


def temperature_panels(images, temperatures, width):
    """Grid of panels: a row per image, a column for the images and one for each temperature.

    Args:
        images: number of rows.
        temperatures: list of T > 0, the columns' titles.
        width: of a column, in inches.

    Returns:
        (figure, axes), axes of shape (images, 1 + temperatures).
    """
    columns = 1 + len(temperatures)
    figure, grid = axes(columns, images, width * columns, 1.5 * images + 0.5, squeeze=False)
    for panel, temperature in zip(grid[0, 1:], temperatures, strict=True):
        panel.set_title(f"T = {temperature:g}", loc="center")
    return figure, grid


def show(axes, image, interpolation="nearest"):
    """Draw an image, uint8 (h, w, c), without ticks; interpolation "auto" smooths if it shrinks."""
    cmap = "gray_r" if image.shape[-1] == 1 else None
    axes.imshow(image.squeeze(), cmap=cmap, interpolation=interpolation)
    axes.set(xticks=(), yticks=())
    axes.spines[:].set(visible=True, color="0.8")


def band(axes, x, values, color, style="-"):
    """Mean over the first axis of (seeds, points), with a band of ± one standard deviation."""
    mean = values.mean(0)
    axes.plot(x, mean, style, color=color)
    if len(values) > 1:
        sd = values.std(0, ddof=1)
        axes.fill_between(x, mean - sd, mean + sd, color=color, alpha=0.2, lw=0)


def curve(axes, x, values, label, color, style="-"):
    """`band` of (seeds, points) with its label at the right end."""
    band(axes, x, values, color, style)
    label_end(axes, x[-1], values[:, -1].mean(), label, color)


def reference_line(axes, values, label, color, x=0.01, below=False):
    """Horizontal line at the mean of (seeds,) values, with its ± sd band and a label above it.

    Args:
        x: position of the label's first letter, as a fraction of the axes' width.
        below: whether to put the label below the line, if another line is close above.
    """
    mean, sd = np.mean(values), np.std(values, ddof=1) if len(values) > 1 else 0.0
    axes.axhline(mean, color=color)
    axes.axhspan(mean - sd, mean + sd, color=color, alpha=0.2, lw=0)
    axes.annotate(
        label,
        (x, mean - sd if below else mean + sd),
        xycoords=("axes fraction", "data"),
        xytext=(0, -2 if below else 2),
        textcoords="offset points",
        color=text_color(color),
        va="top" if below else "bottom",
    )


def label_end(axes, x, y, text, color, va="center"):
    """Label of a curve, to the right of its last point; `va` is matplotlib's."""
    axes.annotate(f"  {text}", (x, y), color=text_color(color), va=va)


def temperature_axis(axes, ticks):
    """Logarithmic horizontal axis for the temperature, labeled at the `ticks` only."""
    axes.set(xlabel="temperature T", xscale="log")
    label_ticks(axes.xaxis, ticks)


def round_temperatures(temperatures):
    """Round temperatures between the first and the last of ascending ones."""
    return [t for t in _ROUND_TEMPERATURES if temperatures[0] <= t <= temperatures[-1]]


def label_ticks(axis, ticks):
    """Ticks at these numbers only, with the numbers as labels."""
    axis.set_ticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.set_minor_locator(NullLocator())


def mark_published(axes, points):
    """Hollow diamonds at published values, pairs (x, y), with a legend that says `paper`."""
    if len(points):
        x, y = zip(*points, strict=True)
        axes.plot(x, y, "D", mfc="white", mec="0.25", ms=7, zorder=5, label="paper", ls="")
        axes.legend(frameon=False, handletextpad=0.2)


def plain_ticks(axis):
    """Tick labels of a logarithmic axis: a few round numbers, also within one power of ten."""
    low, high = axis.get_view_interval()
    subs = (1, 2, 5) if high > 20 * low else (1, 1.5, 2, 3, 5, 7)
    axis.set_major_locator(
        LogLocator(subs=subs) if high > 5 * low else MaxNLocator(8, steps=(1, 2, 5, 10))
    )
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())
