"""Gallery in a browser without a kernel: its JavaScript against `soft_targets`."""

import numpy as np
import pytest

from common import data, models, teachers
from common.explorer import gallery
from common.losses import soft_targets
from tests_browser import lab


@pytest.fixture(scope="module")
def gallery_file(tmp_path_factory):
    """Path of the page of an untrained teacher: any logits will do."""
    folder = tmp_path_factory.mktemp("gallery")
    lab.prepare_data(folder / "data")
    digits = data.load("mnist", data_dir=folder / "data", limit=200)
    options = {"seed": 3, "pixel_statistics": digits.pixel_statistics, "width": 8}
    model = models.build("mlp", digits.image_shape, digits.classes, **options)
    logits = teachers.make(folder / "logits", model, digits, "mnist-mlp-0-seed3")
    (folder / "gallery.html").write_text(gallery.page(digits, logits, "tiny net"))
    return folder / "gallery.html"


@pytest.fixture
def page(gallery_file):
    with lab.browser() as chromium:
        page = chromium.new_page(viewport={"width": 390, "height": 844})
        page.problems, page.requested = [], []
        page.on("console", lambda m: page.problems.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.on("request", lambda request: page.requested.append(request.url))
        page.goto(gallery_file.as_uri())
        yield page


def test_the_slider_works_without_a_kernel(page):
    slider = page.get_by_label("temperature T")
    for choice in (0, 11):
        page.locator("#choices input").nth(choice).focus()
        page.keyboard.press("Space")
        logits = page.evaluate("shown.logits")
        for key in ("Home", "ArrowRight", "PageUp", "End"):
            slider.press(key)
            displayed = page.locator(".kd-row").evaluate_all(
                "rows => rows.map(r => +r.dataset.probability)"
            )
            temperature = float(page.locator("#temperature").inner_text())
            expected = np.asarray(soft_targets(np.array([logits]), temperature))[0]
            np.testing.assert_allclose(displayed, expected, atol=2e-6)
        assert temperature == 50
    assert page.problems == []
    assert [url for url in page.requested if not url.startswith(("file:", "data:"))] == []


def test_its_softmax_and_entropy_hold_at_the_extremes(page):
    for logits in ([500.0, 0, -500], [1.0, 1, 1], list(range(100))):
        for temperature in (0.5, 1, 7, 50):
            probabilities = page.evaluate("([z, T]) => softTargets(z, T)", [logits, temperature])
            expected = np.asarray(soft_targets(np.array([logits]), temperature))[0]
            np.testing.assert_allclose(probabilities, expected, atol=1e-6)
    assert page.evaluate("entropy(softTargets([500, 0, 0, 0], 1))") == pytest.approx(0)
    assert page.evaluate("entropy([0.25, 0.25, 0.25, 0.25])") == pytest.approx(2)


def test_it_fits_a_phone(page):
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
