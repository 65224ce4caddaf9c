"""Curves against epochs, temperature, class bias and data fraction: mean and ± sd over seeds."""

import numpy as np
from matplotlib.ticker import MaxNLocator

from common.plots import style
from common.plots.style import COLORS


def learning_curves(curves, title, measure="validation errors, %"):
    """Learning curves: mean ± sd over seeds of one measure after each epoch, on a log scale.

    Args:
        curves: {label: (role, (seeds, epochs) floats)}; role is a key of `style.COLORS`.
        title: the finding.
        measure: label of the vertical axis, with the unit.

    Returns:
        matplotlib Figure, as all functions of this module do.
    """
    figure, axes = style.axes()
    curves = {label: (role, np.asarray(values, float)) for label, (role, values) in curves.items()}
    for label, (role, values) in curves.items():
        epochs = np.arange(1, values.shape[1] + 1)
        style.curve(axes, epochs, values, label, COLORS[role])
    style.title(figure, title)
    banded = any(len(values) > 1 for _, values in curves.values())
    axes.set(xlabel="epoch" + " (band: ± one standard deviation)" * banded)
    axes.set(ylabel=f"{measure}, log scale", yscale="log")
    style.plain_ticks(axes.yaxis)
    last = max(values.shape[1] for _, values in curves.values())
    ticks = MaxNLocator(integer=True).tick_values(1, last)
    axes.set_xticks([tick for tick in ticks if 1 <= tick <= last])
    axes.set_xlim(right=axes.get_xlim()[1] * 1.25)
    return figure


def temperature_curve(x, y, marked, title, measure):
    """Curve against the temperature, with one temperature marked.

    Args:
        x: (n,) temperatures; y: (n,) floats.
        marked: the temperature to mark.
        title: the finding.
        measure: label of the vertical axis, with the unit.
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
    """Temperature sweep: every seed, their mean and a band of ± sd, beside the baseline.

    Args:
        temperatures: (n,) floats above 0.
        errors: (n, seeds) floats.
        baseline: (seeds,) floats.
        title: the finding.
        measure: label of the vertical axis, with the unit.
    """
    figure, axes = style.axes()
    x, errors = np.asarray(temperatures, float), np.asarray(errors, float)
    style.curve(axes, x, errors.T, "distilled", COLORS["distilled"], "o-")
    axes.plot(temperatures, errors, ".", color=COLORS["distilled"], alpha=0.5, ms=7)
    style.reference_line(axes, baseline, "baseline (labels only)", COLORS["baseline"])
    style.title(figure, title)
    axes.set(ylabel=measure)
    style.temperature_axis(axes, temperatures)
    axes.set_xlim(right=temperatures[-1] * 2.2)
    return figure


def bias_sweep(shifts, errors, levels, title, measure="test errors", published=()):
    """Bias sweep: errors against a bias added to the logits of classes absent from training.

    Args:
        shifts: (n,) floats; errors: (seeds, n) floats.
        levels: {label: (role, (seeds,) floats)}, horizontal lines for comparison.
        title: the finding.
        measure: label of the vertical axis, with the unit.
        published: pairs (shift, errors), marked by diamonds.
    """
    figure, axes = style.axes()
    shifts, errors = np.asarray(shifts, float), np.asarray(errors, float)
    style.curve(axes, shifts, errors, "same bias for all", COLORS["distilled"])
    axes.set_xlim(right=axes.get_xlim()[1] * 1.3)
    for label, (role, values) in levels.items():  # labeled right of the paper's points
        style.reference_line(axes, values, label, COLORS[role], x=0.6)
    style.mark_published(axes, published)
    style.title(figure, title)
    axes.set(xlabel="bias added to the logits of unseen classes")
    axes.set(ylabel=f"{measure}, log scale", yscale="log")
    style.plain_ticks(axes.yaxis)
    return figure


def data_fraction_curves(percent, curves, title, measure):
    """Data efficiency: a measure against the fraction of the training images, log-log.

    Args:
        percent: (n,) ascending floats, % of the training images.
        curves: {label: (role, (n, seeds) floats)}; role is a key of `style.COLORS`.
        title: the finding.
        measure: label of the vertical axis, with the unit.
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
