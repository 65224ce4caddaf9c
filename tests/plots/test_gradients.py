"""Steps of the logits: each panel's bars are the values over the largest, which its title has."""

import numpy as np
from matplotlib.colors import to_hex

from common import plots
from common.plots.style import COLORS

RNG = np.random.default_rng(0)


def test_each_method_is_drawn_on_its_own_scale():
    image = RNG.integers(256, size=(8, 8, 1)).astype("uint8")
    steps = {"KD": np.array([2.0, -4.0, 2.0]), "none": np.zeros(3)}
    steps |= {f"method {number}": RNG.normal(size=3) for number in range(4)}
    figure = plots.logit_steps(image, steps, 1, "One lowers what another raises")
    first, *panels = figure.axes
    np.testing.assert_array_equal(first.images[0].get_array(), image[:, :, 0])
    assert first.get_title() == "label 1" and len(panels) == 9  # two rows of five
    for axes, (name, values) in zip(panels, steps.items(), strict=False):
        heights = [bar.get_height() for bar in axes.patches]
        np.testing.assert_allclose(heights, values / (np.abs(values).max() or 1))
        assert axes.get_title().startswith(f"{name}, max ")
    assert panels[0].get_title() == "KD, max 4"
    colors = [to_hex(bar.get_facecolor()) for bar in panels[0].patches]
    assert [c == COLORS["baseline"].lower() for c in colors] == [False, True, False]
    assert [axes.axison for axes in panels[len(steps) :]] == [False] * 3
    assert figure.get_supylabel() == "step of the logit, relative to max"
    assert figure.get_suptitle() == "One lowers what another raises"
