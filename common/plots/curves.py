"""Figures: pure functions of arrays that return a matplotlib figure.

Colors say the role: teacher, baseline, distilled, control. Titles state the finding; they
are the caller's, for only the caller knows the numbers.
"""

import numpy as np
from matplotlib.ticker import MaxNLocator

from common.plots import style
from common.plots.style import COLORS


def learning_curves(curves, title, measure="validation errors, %"):
    """Mean ± standard deviation over seeds of one measure after each epoch.

    Args:
        curves: {label: (role, (seeds, epochs) floats)}; role is a key of COLORS.
        title: the finding.
        measure: what the vertical axis shows, with its unit.
    """
    figure, axes = style.axes()
    for label, (role, values) in curves.items():
        values = np.asarray(values, float)
        epochs = np.arange(1, values.shape[1] + 1)
        style.curve(axes, epochs, values, label, COLORS[role])
    style.title(figure, title)
    axes.set(xlabel="epoch (band: ± one standard deviation)", ylabel=f"{measure}, log scale")
    axes.set(yscale="log")
    style.plain_ticks(axes.yaxis)
    last = max(values.shape[1] for _, values in curves.values())
    ticks = MaxNLocator(integer=True).tick_values(1, last)
    axes.set_xticks([tick for tick in ticks if 1 <= tick <= last])
    axes.set_xlim(right=axes.get_xlim()[1] * 1.25)
    return figure


def temperature_curve(x, y, marked, title, measure):
    """A curve over the temperature, with one temperature marked.

    Args:
        x: (n,) temperatures; y: (n,) floats.
        marked: the temperature to mark.
        title: the finding.
        measure: what the vertical axis shows, with its unit.
    """
    figure, axes = style.axes()
    axes.plot(x, y, color=COLORS["teacher"])
    axes.plot(marked, np.interp(marked, x, y), "o", color=COLORS["teacher"])
    style.label_end(axes, marked, np.interp(marked, x, y), f"T = {marked:g}", COLORS["teacher"])
    style.title(figure, title)
    axes.set(ylabel=measure)
    style.temperature_axis(axes, style.round_temperatures(x))
    return figure


def temperature_sweep(temperatures, errors, baseline, title, measure="test errors"):
    """A measure against the temperature: every seed, mean and a band of ± one deviation.

    Args:
        temperatures: (n,) floats above 0.
        errors: (n, seeds) floats.
        baseline: (seeds,) floats, the student on labels alone.
        title: the finding.
        measure: what the vertical axis shows, with its unit.
    """
    figure, axes = style.axes()
    errors = np.asarray(errors, float)
    style.curve(
        axes, np.asarray(temperatures, float), errors.T, "distilled", COLORS["distilled"], "o-"
    )
    axes.plot(temperatures, errors, ".", color=COLORS["distilled"], alpha=0.5, ms=7)
    style.reference_line(axes, baseline, "labels alone", COLORS["baseline"])
    style.title(figure, title)
    axes.set(ylabel=measure)
    style.temperature_axis(axes, temperatures)
    axes.set_xlim(right=temperatures[-1] * 2.2)
    return figure


def bias_sweep(shifts, errors, levels, title, measure="test errors", published=()):
    """Errors against what is added to the logits of the classes that a student never saw.

    Args:
        shifts: (n,) floats; errors: (seeds, n) floats.
        levels: {label: (role, (seeds,) floats)}, horizontal lines for comparison.
        title: the finding.
        measure: what the vertical axis shows, with its unit.
        published: pairs (shift, errors), marked by diamonds.
    """
    figure, axes = style.axes()
    shifts, errors = np.asarray(shifts, float), np.asarray(errors, float)
    style.curve(axes, shifts, errors, "one number for all", COLORS["distilled"])
    axes.set_xlim(right=axes.get_xlim()[1] * 1.3)
    for label, (role, values) in levels.items():
        style.reference_line(
            axes, values, label, COLORS[role], place=0.6
        )  # the left is the paper's
    for x, y in published:
        style.mark_published(axes, x, y)
    style.title(figure, title)
    axes.set(xlabel="added to the logits of the classes never seen", ylabel=measure, yscale="log")
    axes.set_ylim(bottom=0.85 * axes.get_ylim()[0])  # a diamond's name is below it
    style.plain_ticks(axes.yaxis)
    return figure


def data_fraction_curves(percent, curves, title, measure):
    """A measure against the share of the training images, both axes logarithmic.

    Args:
        percent: (n,) rising floats, % of the training images.
        curves: {label: (role, (n, seeds) floats)}; role is a key of COLORS.
        title: the finding.
        measure: what the vertical axis shows, with its unit.
    """
    figure, axes = style.axes()
    for label, (role, values) in curves.items():
        values = np.asarray(values, float)
        style.curve(axes, np.asarray(percent, float), values.T, label, COLORS[role], "o-")
    style.title(figure, title)
    axes.set(xlabel="training images, % of all", ylabel=measure, xscale="log", yscale="log")
    style.label_ticks(axes.xaxis, percent)
    style.plain_ticks(axes.yaxis)
    axes.set_xlim(right=percent[-1] * 4)
    return figure
