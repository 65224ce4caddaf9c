"""Figures: pure functions of arrays that return a matplotlib figure.

Colors say the role: teacher, baseline, distilled, control. Titles state the finding; they
are the caller's, for only the caller knows the numbers.
"""

import numpy as np
from matplotlib.ticker import MaxNLocator
from scipy import special

from common import drawing
from common.drawing import COLORS


def learning_curves(curves, title, measure="validation errors, %"):
    """Mean ± standard deviation over seeds of one measure after each epoch.

    Args:
        curves: {label: (role, (seeds, epochs) floats)}; role is a key of COLORS.
        title: the finding.
        measure: what the vertical axis shows, with its unit.
    """
    figure, axes = drawing.axes()
    for label, (role, values) in curves.items():
        values = np.asarray(values, float)
        epochs = np.arange(1, values.shape[1] + 1)
        drawing.curve(axes, epochs, values, label, COLORS[role])
    drawing.title(figure, title)
    axes.set(xlabel="epoch (band: ± one standard deviation)", ylabel=f"{measure}, log scale")
    axes.set(yscale="log")
    drawing.plain_ticks(axes.yaxis)
    last = max(values.shape[1] for _, values in curves.values())
    ticks = MaxNLocator(integer=True).tick_values(1, last)
    axes.set_xticks([tick for tick in ticks if 1 <= tick <= last])
    axes.set_xlim(right=axes.get_xlim()[1] * 1.25)
    return figure


def images(shown, labels, title):
    """A row of images, each with its label.

    Args:
        shown: uint8 (n, h, w, c).
        labels: (n,) strings.
        title: the finding.
    """
    figure, axes = drawing.axes(len(shown), 1, 1.5 * len(shown), 2.1, squeeze=False)
    for place, image, label in zip(axes[0], shown, labels, strict=True):
        drawing.show(place, image)
        place.set_title(label, loc="center", fontsize=10)
    drawing.title(figure, title)
    return figure


def line(x, y, marked, title, measure):
    """A curve over the temperature, with one temperature marked.

    Args:
        x: (n,) temperatures; y: (n,) floats.
        marked: the temperature to mark.
        title: the finding.
        measure: what the vertical axis shows, with its unit.
    """
    figure, axes = drawing.axes()
    axes.plot(x, y, color=COLORS["teacher"])
    axes.plot(marked, np.interp(marked, x, y), "o", color=COLORS["teacher"])
    drawing.label_end(axes, marked, np.interp(marked, x, y), f"T = {marked:g}", COLORS["teacher"])
    drawing.title(figure, title)
    axes.set(ylabel=measure)
    drawing.temperature_axis(axes, drawing.round_temperatures(x))
    return figure


def images_with_soft_targets(images, logits, temperatures, class_names, title):
    """A row an image: the image, then the teacher's soft targets at each temperature.

    Args:
        images: uint8 (n, h, w, c).
        logits: (n, classes) floats, the teacher's.
        temperatures: list of T > 0.
        class_names: (classes,) strings.
        title: the finding.
    """
    figure, axes = drawing.temperature_panels(len(images), temperatures, 2.1)
    for row, (image, own) in enumerate(zip(images, logits, strict=True)):
        drawing.show(axes[row, 0], image)
        for column, temperature in enumerate(temperatures, 1):
            shown = special.softmax(np.asarray(own, float) / temperature)
            bars = axes[row, column]
            bars.bar(range(len(shown)), shown, color=COLORS["teacher"])
            bars.set(ylim=(0, 1), yticks=(0, 0.5, 1), xticks=range(len(shown)))
            bars.set_xticklabels(class_names, fontsize=7)
            bars.tick_params(axis="y", labelsize=7, labelleft=column == 1)
    figure.supylabel("probability", fontsize=9)
    figure.supxlabel("class", fontsize=9)
    drawing.title(figure, title)
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
    figure, axes = drawing.axes()
    errors = np.asarray(errors, float)
    drawing.curve(
        axes, np.asarray(temperatures, float), errors.T, "distilled", COLORS["distilled"], "o-"
    )
    axes.plot(temperatures, errors, ".", color=COLORS["distilled"], alpha=0.5, ms=7)
    drawing.level(axes, baseline, "labels alone", COLORS["baseline"])
    drawing.title(figure, title)
    axes.set(ylabel=measure)
    drawing.temperature_axis(axes, temperatures)
    axes.set_xlim(right=temperatures[-1] * 2.2)
    return figure


def strip(groups, title, measure="test errors", published=None):
    """Each group's seeds as points and their mean as a line, one row a group.

    A control over five times worse than all others is a number at the right edge, so that the
    others' differences can be seen.

    Args:
        groups: {label: (role, (seeds,) floats)}, drawn from top to bottom.
        title: the finding.
        measure: what the horizontal axis shows, with its unit.
        published: {label: float}, marked by a diamond in the rows of these groups.
    """
    figure, axes = drawing.axes(height=0.8 + 0.55 * len(groups))
    most = max(np.mean(values) for role, values in groups.values() if role != "control")
    for place, (role, values) in enumerate(groups.values()):
        values = np.asarray(values, float)
        if role == "control" and values.mean() > 5 * most:
            _at_the_edge(axes, place, f"{values.mean():.0f} →", COLORS[role])
        else:
            _row(axes, place, values, COLORS[role])
    for place, label in enumerate(groups):
        if label in (published or {}):
            drawing.mark_published(axes, published[label], place)
    axes.set_yticks(range(len(groups)), groups)
    drawing.title(figure, title)
    axes.set(xlabel=measure, ylim=(len(groups) - 0.5, -0.7))
    return figure


def _row(axes, place, values, color):
    """Each of (seeds,) values as a point, their mean as a line with its number above."""
    mean = values.mean()
    axes.plot(values, [place] * len(values), "o", color=color, alpha=0.5)
    axes.plot([mean] * 2, [place - 0.3, place + 0.3], color=color, lw=3)
    where = {"ha": "center", "va": "bottom"}
    axes.annotate(f"{mean:.1f}", (mean, place - 0.32), color=drawing.ink(color), **where)


def _at_the_edge(axes, place, text, color):
    where = {"xycoords": ("axes fraction", "data"), "ha": "right", "va": "center"}
    axes.annotate(text, (0.99, place), color=drawing.ink(color), **where)


def bias_sweep(shifts, errors, levels, title, measure="test errors", published=()):
    """Errors against what is added to the logits of the classes that a student never saw.

    Args:
        shifts: (n,) floats; errors: (seeds, n) floats.
        levels: {label: (role, (seeds,) floats)}, horizontal lines for comparison.
        title: the finding.
        measure: what the vertical axis shows, with its unit.
        published: pairs (shift, errors), marked by diamonds.
    """
    figure, axes = drawing.axes()
    shifts, errors = np.asarray(shifts, float), np.asarray(errors, float)
    drawing.curve(axes, shifts, errors, "one number for all", COLORS["distilled"])
    axes.set_xlim(right=axes.get_xlim()[1] * 1.3)
    for label, (role, values) in levels.items():
        drawing.level(axes, values, label, COLORS[role], place=0.6)  # the left is the paper's
    for x, y in published:
        drawing.mark_published(axes, x, y)
    drawing.title(figure, title)
    axes.set(xlabel="added to the logits of the classes never seen", ylabel=measure, yscale="log")
    axes.set_ylim(bottom=0.85 * axes.get_ylim()[0])  # a diamond's name is below it
    drawing.plain_ticks(axes.yaxis)
    return figure
