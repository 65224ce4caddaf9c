"""Figures: pure functions of arrays that return a matplotlib figure.

Colors say the role: teacher, baseline, distilled, control. Titles state the finding; they
are the caller's, for only the caller knows the numbers.
"""

import numpy as np
from matplotlib.ticker import MaxNLocator
from scipy import special

from common.plots import style
from common.plots.style import COLORS


def labeled_images(shown, labels, title):
    """A row of images, each with its label.

    Args:
        shown: uint8 (n, h, w, c).
        labels: (n,) strings.
        title: the finding.
    """
    figure, axes = style.axes(len(shown), 1, 1.5 * len(shown), 2.1, squeeze=False)
    for place, image, label in zip(axes[0], shown, labels, strict=True):
        style.show(place, image)
        place.set_title(label, loc="center", fontsize=10)
    style.title(figure, title)
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
    figure, axes = style.temperature_panels(len(images), temperatures, 2.1)
    for row, (image, own) in enumerate(zip(images, logits, strict=True)):
        style.show(axes[row, 0], image)
        for column, temperature in enumerate(temperatures, 1):
            shown = special.softmax(np.asarray(own, float) / temperature)
            bars = axes[row, column]
            bars.bar(range(len(shown)), shown, color=COLORS["teacher"])
            bars.set(ylim=(0, 1), yticks=(0, 0.5, 1), xticks=range(len(shown)))
            bars.set_xticklabels(class_names, fontsize=7)
            bars.tick_params(axis="y", labelsize=7, labelleft=column == 1)
    figure.supylabel("probability", fontsize=9)
    figure.supxlabel("class", fontsize=9)
    style.title(figure, title)
    return figure


def contact_sheet(images, names, title, columns=10):
    """A grid of small images, each with its class's name below.

    Args:
        images: uint8 (n, h, w, c).
        names: (n,) strings.
        title: the finding.
        columns: images a row.
    """
    rows = -(-len(images) // columns)
    figure, axes = style.axes(columns, rows, 0.9 * columns, 0.9 * rows + 0.5, squeeze=False)
    figure.get_layout_engine().set(wspace=0.55)  # names are wider than images
    for place in axes.flat[len(images) :]:
        place.set_axis_off()
    for place, image, name in zip(axes.flat, images, names, strict=False):
        style.show(place, image, "auto")
        place.set_xlabel(name, fontsize=7.5)
    style.title(figure, title)
    return figure


def top_classes(images, labels, logits, temperatures, class_names, title, most=5):
    """A row an image: the image and its class, then its most probable classes at each temperature.

    The order of the classes is the same at every temperature; the right class's name is bold.
    Each panel has its own axis, for the higher T is, the smaller are the probabilities.

    Args:
        images: uint8 (n, h, w, c).
        labels: (n,) integers.
        logits: (n, classes) floats, the teacher's.
        temperatures: list of T > 0.
        class_names: (classes,) strings.
        title: the finding.
        most: how many classes.
    """
    figure, axes = style.temperature_panels(len(images), temperatures, 2.4)
    for row, image, label, own in zip(axes, images, labels, np.asarray(logits, float), strict=True):
        style.show(row[0], image)
        row[0].set_xlabel(class_names[label], fontsize=7)
        first = np.argsort(-own)[:most]
        for bars, temperature in zip(row[1:], temperatures, strict=True):
            bars.barh(range(len(first)), special.softmax(own / temperature)[first], color=_BAR)
            bars.set(ylim=(most - 0.4, -0.6), yticks=range(len(first)))
            bars.set_yticklabels([class_names[i] for i in first] if bars is row[1] else [])
            bars.tick_params(labelsize=7)
            bars.xaxis.set_major_locator(MaxNLocator(3))
        for tick, place in zip(row[1].get_yticklabels(), first, strict=True):
            tick.set_fontweight("bold" if place == label else "normal")
    figure.supxlabel("probability", fontsize=9)
    style.title(figure, title)
    return figure


_BAR = COLORS["teacher"]
