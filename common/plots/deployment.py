"""Figure of networks on a device: accuracy over latency, and which ones are on the front."""

import numpy as np

from common.plots import style
from common.plots.style import COLORS
from common.results import device


def device_figure(tables):
    """`accuracy_over_latency` of a data set's committed record, in float32, under its finding.

    Args:
        tables: results.device_tables.DeviceTables of a record with latencies.
    """
    points = device.points(tables.record["latency"])
    return accuracy_over_latency(points, tables.finding("float32"))


def accuracy_over_latency(points, title, measure="test accuracy, %"):
    """Accuracy over the latency of one image: mean ± sd over seeds, with the Pareto front.

    A network is on the front if it is more accurate than every faster one.

    Args:
        points: {role: [(label, milliseconds, (seeds,) accuracy in %)]}; role is a key of
            `style.COLORS`.
        title: the finding.
        measure: label of the vertical axis.

    Returns:
        matplotlib Figure.
    """
    figure, axes = style.axes(height=4.5)
    for role, of_role in points.items():
        times = [milliseconds for _, milliseconds, _ in of_role]
        means = [np.mean(values) for *_, values in of_role]
        spread = [np.std(values, ddof=1) if len(values) > 1 else 0 for *_, values in of_role]
        axes.errorbar(times, means, spread, fmt="o-", color=COLORS[role], capsize=3)
        # above the front, which leaves a point to the right
        style.label_end(axes, times[-1], means[-1], role, COLORS[role], va="bottom")
    fastest, best = pareto_front(points)
    axes.step(fastest, best, where="post", color="0.6", ls=":", zorder=0)
    axes.set(xscale="log", xlabel="median latency of one image, ms", ylabel=measure)
    axes.margins(x=0.18)
    style.plain_ticks(axes.xaxis)
    style.title(figure, title)
    return figure


def pareto_front(points):
    """(latencies, mean accuracies) of networks more accurate than every faster one, ascending."""
    pairs = sorted(
        (milliseconds, -np.mean(values))
        for of_role in points.values()
        for _, milliseconds, values in of_role
    )
    front, best = [], -np.inf
    for milliseconds, negative in pairs:
        if -negative > best:
            best = -negative
            front.append((milliseconds, best))
    return tuple(zip(*front, strict=True))
