"""Figures: the numbers drawn are those passed in, on axes with labels."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from scipy import special

from common import plots
from common.plots import curves, style

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def words(figure):
    """All text in a figure."""
    figure.canvas.draw()
    return " ".join(text.get_text() for text in figure.findobj(plt.Text))


def band(axes, color):
    """(x, low, high) of the band of one color."""
    (collection,) = [
        item
        for item in axes.findobj(PolyCollection)
        if np.allclose(item.get_facecolor()[0][:3], plt.matplotlib.colors.to_rgb(color))
    ]
    points = collection.get_paths()[0].vertices
    xs = sorted(set(points[:, 0]))
    ys = [points[points[:, 0] == x, 1] for x in xs]
    return xs, [y.min() for y in ys], [y.max() for y in ys]


def test_bars_are_soft_targets():
    images = RNG.integers(256, size=(2, 28, 28, 1)).astype("uint8")
    logits, temperatures = RNG.normal(0, 5, (2, 10)), [1, 2, 5, 20]
    names = [f"class {i}" for i in range(10)]
    figure = plots.images_with_soft_targets(
        images, [3, 5], logits, temperatures, names, "A finding"
    )
    axes = np.array(figure.axes).reshape(2, 5)
    for row in range(2):
        np.testing.assert_array_equal(axes[row, 0].images[0].get_array(), images[row, :, :, 0])
        for column, temperature in enumerate(temperatures, 1):
            heights = [bar.get_height() for bar in axes[row, column].patches]
            np.testing.assert_allclose(heights, special.softmax(logits[row] / temperature))
            assert axes[row, column].get_ylim() == (0, 1)
    text = words(figure)
    for word in ("A finding", "probability", "T = 1", "T = 20", "class 9", "label: class 3"):
        assert word in text


def test_color_images_keep_their_colors():
    images = RNG.integers(256, size=(1, 32, 32, 3)).astype("uint8")
    figure = plots.images_with_soft_targets(
        images, [1], np.zeros((1, 3)), [4], ["a", "b", "c"], "t"
    )
    np.testing.assert_array_equal(figure.axes[0].images[0].get_array(), images[0])
    assert [bar.get_height() for bar in figure.axes[1].patches] == pytest.approx([1 / 3] * 3)


def test_temperature_sweep():
    temperatures, errors = [1, 2, 4, 8, 20], RNG.uniform(100, 200, (5, 3))
    baseline = [180, 190, 185.0]
    figure = plots.temperature_sweep(temperatures, errors, baseline, "Warmer is better")
    (axes,) = figure.axes
    xs, low, high = band(axes, curves.COLORS["distilled"])
    deviation = errors.std(axis=1, ddof=1)
    np.testing.assert_allclose(xs, temperatures)
    np.testing.assert_allclose(low, errors.mean(axis=1) - deviation)
    np.testing.assert_allclose(high, errors.mean(axis=1) + deviation)
    lines = [line.get_ydata() for line in axes.lines]
    assert any(len(y) == 5 and np.allclose(y, errors.mean(axis=1)) for y in lines)
    assert sum(any(np.array_equal(y, seed) for y in lines) for seed in errors.T) == 3
    assert any(len(y) == 2 and np.allclose(y, 185) for y in lines)
    rectangle = axes.patches[0].get_extents().transformed(axes.transData.inverted())
    assert (rectangle.y0, rectangle.y1) == pytest.approx((180, 190))  # the deviation is 5
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["1", "2", "4", "8", "20"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("temperature T", "test errors")
    text = words(figure)
    assert all(word in text for word in ("Warmer is better", "distilled", "baseline (labels only)"))


def test_learning_curves():
    values = RNG.uniform(1, 10, (4, 6))
    plotted = {"baseline": ("baseline", values), "T = 4": ("distilled", values[:1] / 2)}
    figure = plots.learning_curves(plotted, "It learns faster", "validation errors, %")
    (axes,) = figure.axes
    xs, low, high = band(axes, curves.COLORS["baseline"])
    np.testing.assert_array_equal(xs, range(1, 7))
    np.testing.assert_allclose(low, values.mean(axis=0) - values.std(axis=0, ddof=1))
    np.testing.assert_allclose(high, values.mean(axis=0) + values.std(axis=0, ddof=1))
    np.testing.assert_allclose(axes.lines[0].get_ydata(), values.mean(axis=0))
    np.testing.assert_allclose(axes.lines[1].get_ydata(), values[0] / 2)  # one seed, no band
    assert axes.lines[0].get_color() == curves.COLORS["baseline"]
    assert axes.lines[1].get_color() == curves.COLORS["distilled"]
    assert axes.get_xlabel() == "epoch (band: ± one standard deviation)"
    assert axes.get_ylabel() == "validation errors, %, log scale"
    assert max(axes.get_xticks()) == 6  # no epoch that was not trained
    text = words(figure)
    assert all(word in text for word in ("It learns faster", "baseline", "T = 4"))


def test_a_curve_of_one_seed_has_no_band_and_several_ticks():
    figure = plots.learning_curves({"one": ("baseline", np.array([[72.0, 55, 46]]))}, "t")
    (axes,) = figure.axes
    low, high = axes.get_ylim()
    shown = [tick for tick in axes.get_yticks() if low <= tick <= high]
    assert axes.get_xlabel() == "epoch"
    assert len(shown) >= 4 and all(tick % 5 == 0 for tick in shown)


def test_dot_plot():
    groups = {"baseline": ("baseline", [40, 44, 42]), "distilled": ("distilled", [30, 31, 32])}
    figure = plots.dot_plot(groups, "Fewer errors")
    (axes,) = figure.axes
    points, mean = axes.lines[0], axes.lines[1]
    np.testing.assert_array_equal(points.get_xdata(), [40, 44, 42])
    np.testing.assert_array_equal(mean.get_xdata(), [42, 42])
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["baseline", "distilled"]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # from top to bottom
    assert axes.get_xlabel() == "test errors"
    assert all(word in words(figure) for word in ("Fewer errors", "42.0", "31.0"))


def test_intervals_write_thousands_in_full():
    rows = {"WTTM": ("distilled", -1058.2, -1143.9, -972.5), "DIST": ("distilled", 157.4, 109, 206)}
    figure = plots.intervals(rows, "A finding", "errors saved")
    assert [text.get_text() for text in figure.axes[0].texts] == ["-1,058", "157"]


def test_a_dot_plot_has_a_far_control_at_its_edge():
    near = {"baseline": ("baseline", [40, 44]), "distilled": ("distilled", [30, 32])}
    figure = plots.dot_plot(near | {"shuffled": ("control", [2000, 3000])}, "A finding")
    (axes,) = figure.axes
    assert axes.get_xlim()[1] < 50
    assert "2500" in words(figure)
    (axes,) = plots.dot_plot(near | {"shuffled": ("control", [50, 52])}, "A finding").axes
    assert axes.get_xlim()[1] > 52


def test_one_temperature_marked():
    x = np.array([1, 2, 4, 8.0])
    figure = plots.temperature_curve(x, x**2, 4, "A finding", "entropy, nats")
    (axes,) = figure.axes
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), [1, 4, 16, 64])
    marked = axes.lines[1]
    assert (marked.get_xdata()[0], marked.get_ydata()[0]) == (4, 16)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("temperature T", "entropy, nats")
    assert all(word in words(figure) for word in ("A finding", "T = 4"))


def test_images_and_labels():
    images = RNG.integers(256, size=(3, 28, 28, 1)).astype("uint8")
    figure = plots.labeled_images(images, ["five", "zero", "four"], "Digits")
    for axes, image, label in zip(figure.axes, images, ["five", "zero", "four"], strict=True):
        np.testing.assert_array_equal(axes.images[0].get_array(), image[:, :, 0])
        assert axes.get_title() == label


def diamonds(axes):
    lines = [line for line in axes.lines if line.get_marker() == "D"]
    return [point.tolist() for line in lines for point in line.get_xydata()]


def test_a_dot_plot_marks_published_values_in_their_rows():
    groups = {"baseline": ("baseline", [150, 160]), "distilled": ("distilled", [80, 90])}
    figure = plots.dot_plot(groups, "t", published={"distilled": 74, "baseline": 146})
    assert diamonds(figure.axes[0]) == [[146, 0], [74, 1]]
    assert words(figure).count("paper") == 1
    assert not diamonds(plots.dot_plot(groups, "t").axes[0])


def test_bias_sweep_shows_seeds_levels_and_the_papers_points():
    errors = np.array([[100, 50, 30, 60], [120, 70, 30, 80]])
    levels = {"no labels": ("control", [40, 44])}
    figure = plots.bias_sweep([0, 1, 2, 3], errors, levels, "A finding", published=[(3.5, 109)])
    (axes,) = figure.axes
    np.testing.assert_allclose(axes.lines[0].get_ydata(), [110, 60, 30, 70])
    xs, low, high = band(axes, curves.COLORS["distilled"])
    assert xs == [0, 1, 2, 3]
    np.testing.assert_allclose(np.subtract(high, low)[:2], 2 * np.sqrt(200))
    np.testing.assert_allclose(axes.lines[1].get_ydata(), 42)
    assert diamonds(axes) == [[3.5, 109]]
    for word in ("A finding", "no labels", "unseen classes", "paper", "same bias for all"):
        assert word in words(figure)


def contrast_with_white(color):
    """WCAG 2.1's contrast ratio."""
    channels = np.array(plt.matplotlib.colors.to_rgb(color))
    linear = np.where(channels <= 0.03928, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return 1.05 / (linear @ [0.2126, 0.7152, 0.0722] + 0.05)


def test_all_text_can_be_read_on_white():
    values = {role: (role, np.array([[5, 4], [6, 5]])) for role in curves.COLORS}
    last = {role: (role, [4, 5]) for role in curves.COLORS} | {"far": ("control", [90, 99])}
    figures = [
        plots.learning_curves(values, "t"),
        plots.dot_plot(last, "t", published={"teacher": 4}),
        plots.temperature_sweep([1, 4], [[5, 4], [6, 5]], [7, 8], "t"),
        plots.temperature_curve(np.array([1, 4]), np.array([1, 2]), 4, "t", "nats"),
    ]
    texts = [text for figure in figures for text in figure.findobj(plt.Text) if text.get_text()]
    assert min(contrast_with_white(text.get_color()) for text in texts) >= 4.5  # WCAG's AA


@pytest.mark.parametrize("value", ["T = 20", "α = 0.9", "p < 0.0001", "p = 0.02"])
def test_a_title_breaks_no_line_within_a_value(value):
    for words in range(8, 16):  # one of them would break it
        figure, _ = style.axes()
        style.title(figure, f"{'errors ' * words}at {value}, more at others")
        joined = figure.get_suptitle().replace("\u00a0", " ")
        assert value in joined


def test_titles_and_names_with_dollar_signs_are_shown_as_they_are():
    groups = {"price $a_{ $": ("baseline", [3.0, 4.0]), "b": ("distilled", [1.0, 2.0])}
    figure = plots.dot_plot(groups, "costs $5 and $x_{")
    figure.canvas.draw()  # matplotlib would raise for a formula without an end
    assert r"\$5 and \$x_{" in words(figure)


def test_curves_and_dots_of_lists_and_of_controls_only():
    plots.learning_curves({"a": ("baseline", [[5.0, 4.0]])}, "a finding").canvas.draw()
    plots.dot_plot({"shuffled": ("control", [90.0, 91.0])}, "a finding").canvas.draw()
