"""Accuracy over latency: the front is what no faster network equals."""

from common import plots

POINTS = {
    "teacher": [("deep", 20.0, [99.6])],
    "baseline": [("small", 0.5, [96.0, 97.0]), ("large", 1.0, [97.0, 98.0])],
    "distilled": [("small", 0.4, [98.0, 98.2]), ("large", 1.1, [98.4, 98.6])],
}


def test_front():
    milliseconds, accuracies = plots.pareto_front(POINTS)
    assert milliseconds == (0.4, 1.1, 20.0)
    assert [round(value, 6) for value in accuracies] == [98.1, 98.5, 99.6]


def test_figure_shows_every_network():
    figure = plots.accuracy_over_latency(POINTS, "the front moves")
    (axes,) = figure.axes
    assert figure.get_suptitle() == "the front moves" and axes.get_xscale() == "log"
    drawn = [list(container[0].get_xdata()) for container in axes.containers]
    assert drawn == [[20.0], [0.5, 1.0], [0.4, 1.1]]
    assert {text.get_text().strip() for text in axes.texts} == set(POINTS)
