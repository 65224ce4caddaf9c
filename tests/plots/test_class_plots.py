"""Figures of many classes: the numbers drawn are those passed in."""

import numpy as np

from common import plots

RNG = np.random.default_rng(3)
IMAGES = RNG.integers(0, 256, (7, 8, 8, 3), dtype="uint8")


def test_contact_sheet_has_each_class_with_its_name():
    names = [f"class {n}" for n in range(7)]
    figure = plots.contact_sheet(IMAGES, names, "seven classes", columns=4)
    panels = [axes for axes in figure.axes if axes.get_images()]
    assert [axes.get_xlabel() for axes in panels] == names
    for axes, image in zip(panels, IMAGES, strict=True):
        np.testing.assert_array_equal(axes.get_images()[0].get_array(), image)


def test_most_probable_classes_and_their_probabilities():
    logits = np.log([[0.5, 0.1, 0.02, 0.08, 0.3], [0.05, 0.05, 0.7, 0.15, 0.05]])
    names = ["ant", "bee", "cat", "dog", "elk"]
    figure = plots.top_classes(IMAGES[:2], [4, 2], logits, (1, 2), names, "two images", most=3)
    grid = np.array(figure.axes[:6]).reshape(2, 3)
    widths = [bar.get_width() for bar in grid[0, 1].patches]
    np.testing.assert_allclose(widths, [0.5, 0.3, 0.1])
    at_two = np.sqrt([0.5, 0.1, 0.02, 0.08, 0.3])
    np.testing.assert_allclose(
        [bar.get_width() for bar in grid[0, 2].patches], at_two[[0, 4, 1]] / at_two.sum()
    )
    for axes in grid[:, 1:].flat:  # bars of any temperature fill their axis
        longest = max(bar.get_width() for bar in axes.patches)
        assert axes.get_xlim()[0] == 0 and longest < axes.get_xlim()[1] < 1.2 * longest
    assert [axes.get_xlabel() for axes in grid[:, 0]] == ["elk", "cat"]
    ticks = grid[0, 1].get_yticklabels()
    assert [tick.get_text() for tick in ticks] == ["ant", "elk", "bee"]
    assert [tick.get_fontweight() for tick in ticks] == ["normal", "bold", "normal"]
    assert [tick.get_text() for tick in grid[0, 2].get_yticklabels()] == ["", "", ""]
    assert figure.get_supxlabel() == "probability, each panel with a separate scale"
    shared = plots.top_classes(IMAGES[:2], [4, 2], logits, (1, 2), names, "two images", shared=True)
    grid = np.array(shared.axes[:6]).reshape(2, 3)
    assert {axes.get_xlim() for axes in grid[:, 1:].flat} == {(0, 1)}
    assert shared.get_supxlabel() == "probability"
