"""Figures of images: labeled rows, contact sheets, soft targets and top classes beside images."""

import numpy as np
from matplotlib.ticker import MaxNLocator
from scipy import special

from common.plots import style
from common.plots.style import COLORS


def labeled_images(images, labels, title):
    """Row of images, each with its label.

    Args:
        images: uint8 (n, h, w, c).
        labels: (n,) strings.
        title: the finding.

    Returns:
        matplotlib Figure, as all functions of this module do.
    """
    figure, grid = style.axes(len(images), 1, 1.5 * len(images), 2.1, squeeze=False)
    for axes, image, label in zip(grid[0], images, labels, strict=True):
        style.show(axes, image)
        axes.set_title(label, loc="center", fontsize=10)
    style.title(figure, title)
    return figure


def images_with_soft_targets(images, labels, logits, temperatures, class_names, title):
    """Images beside bar charts of the teacher's soft targets, one column per temperature.

    Args:
        images: uint8 (n, h, w, c).
        labels: (n,) integers, whose class names are written below the images.
        logits: (n, classes) floats, the teacher's.
        temperatures: list of T > 0.
        class_names: (classes,) strings.
        title: the finding.
    """
    figure, grid = style.temperature_panels(len(images), temperatures, 2.1)
    logits = np.asarray(logits, float)
    for row, image, label, image_logits in zip(grid, images, labels, logits, strict=True):
        style.show(row[0], image)
        row[0].set_xlabel(f"label: {class_names[label]}", fontsize=8)
        for axes, temperature in zip(row[1:], temperatures, strict=True):
            probabilities = special.softmax(image_logits / temperature)
            axes.bar(range(len(probabilities)), probabilities, color=COLORS["teacher"])
            axes.set(ylim=(0, 1), yticks=(0, 0.5, 1), xticks=range(len(probabilities)))
            axes.set_xticklabels(class_names, fontsize=7)
            axes.tick_params(axis="y", labelsize=7, labelleft=axes is row[1])
    figure.supylabel("probability", fontsize=9)
    figure.supxlabel("class", fontsize=9)
    style.title(figure, title)
    return figure


def contact_sheet(images, names, title, columns=10):
    """Contact sheet: a grid of small images, each with the name of its class below.

    Args:
        images: uint8 (n, h, w, c).
        names: (n,) strings.
        title: the finding.
        columns: images in a row.
    """
    rows = -(-len(images) // columns)
    figure, grid = style.axes(columns, rows, 0.9 * columns, 0.9 * rows + 0.5, squeeze=False)
    figure.get_layout_engine().set(wspace=0.55)  # names are wider than images
    for axes in grid.flat[len(images) :]:
        axes.set_axis_off()
    for axes, image, name in zip(grid.flat, images, names, strict=False):
        style.show(axes, image, "auto")
        axes.set_xlabel(name, fontsize=7.5)
    style.title(figure, title)
    return figure


def top_classes(images, labels, logits, temperatures, class_names, title, most=5, *, shared=False):
    """Images beside bar charts of their most probable classes, one column per temperature.

    The order of the classes is the same at every temperature; the label's class is bold. Each
    panel has a separate axis, because probabilities shrink as T grows, unless `shared`.

    Args:
        images: uint8 (n, h, w, c).
        labels: (n,) integers.
        logits: (n, classes) floats, the teacher's.
        temperatures: list of T > 0.
        class_names: (classes,) strings.
        title: the finding.
        most: number of classes displayed.
        shared: whether all panels have the axis from 0 to 1, for comparisons of confidence.
    """
    figure, grid = style.temperature_panels(len(images), temperatures, 2.4)
    logits = np.asarray(logits, float)
    for row, image, label, image_logits in zip(grid, images, labels, logits, strict=True):
        style.show(row[0], image)
        row[0].set_xlabel(class_names[label], fontsize=7)
        top = np.argsort(-image_logits)[:most]
        for axes, temperature in zip(row[1:], temperatures, strict=True):
            names = [class_names[i] for i in top] if axes is row[1] else []
            _horizontal_bars(axes, special.softmax(image_logits / temperature)[top], names, most)
            axes.set_xlim(right=1 if shared else None)
        for tick, index in zip(row[1].get_yticklabels(), top, strict=True):
            tick.set_fontweight("bold" if index == label else "normal")
    scale = "" if shared else ", each panel with a separate scale"
    figure.supxlabel(f"probability{scale}", fontsize=9)
    style.title(figure, title)
    return figure


def _horizontal_bars(axes, probabilities, names, rows):
    axes.barh(range(len(probabilities)), probabilities, color=COLORS["teacher"])
    axes.set(ylim=(rows - 0.4, -0.6), yticks=range(len(probabilities)))
    axes.set_yticklabels(names)
    axes.tick_params(labelsize=7)
    axes.xaxis.set_major_locator(MaxNLocator(3))
