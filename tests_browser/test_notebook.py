"""mnist/03_temperature.ipynb in JupyterLab, in the order of a user's visit."""

import re
import urllib.error
import urllib.request

import numpy as np
import pytest
from scipy import special

from common import data, metrics, teachers
from tests_browser import latency

SOFT_TARGETS, LOSS, TRAINING, DRAWN = range(4)  # the panels, from top to bottom
WAIT = 60_000  # milliseconds


@pytest.fixture(scope="module")
def logits(notebook):
    """(500, 10) logits of the teacher for the test images, read independently of the notebook."""
    dataset = data.load("mnist", data_dir=notebook.lab.folder / "data")
    (folder,) = (notebook.lab.folder / "runs" / "teachers").iterdir()
    return teachers.Logits(folder).targets("test", dataset.test.images).unaugmented()


def check_bars(notebook, logits):
    """Compare the displayed bars with a softmax at the slider's T; return T."""
    panel = notebook.panel(SOFT_TARGETS)
    index = int(panel.get_by_label("test image number").input_value())
    displayed, temperature = notebook.probabilities()
    expected = special.softmax(logits[index].astype("float64") / temperature)
    np.testing.assert_allclose(list(displayed.values()), expected, atol=1e-3)  # float16
    bits = metrics.entropy(logits[[index]], temperature)[0]
    shown = re.search(r"Entropy ([\d.]+) of", panel.locator(".facts").inner_text())[1]
    assert float(shown) == pytest.approx(bits, abs=0.02)
    return temperature


def test_requests_without_the_token_are_refused(notebook):
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"http://127.0.0.1:{notebook.lab.port}/api/contents")


def test_every_cell_runs_without_error(notebook):
    for index in range(len(notebook.cells())):
        for output in notebook.run_cell(index):
            assert output["output_type"] != "error", output["traceback"]
            assert output.get("name") != "stderr", output["text"]
    notebook.page.locator("canvas.drawing").wait_for(timeout=WAIT)
    assert notebook.page.locator(".distillation").count() == 4


def test_the_slider_reacts_to_keys_in_all_panels(notebook, logits):
    assert check_bars(notebook, logits) == 4
    for panel, key, temperature in ((SOFT_TARGETS, "End", 50), (LOSS, "Home", 0.5)):
        notebook.panel(panel).locator("#temperature").press(key)
        assert check_bars(notebook, logits) == temperature
    assert len(notebook.cells()) == notebook.page.evaluate(f"{notebook._WIDGETS}.length")


def test_images_are_chosen_by_number(notebook, logits):
    number = notebook.panel(SOFT_TARGETS).get_by_label("test image number")
    number.fill("7")
    number.press("Enter")
    notebook.panel(SOFT_TARGETS).get_by_text("test image 7, label").wait_for()
    check_bars(notebook, logits)


def test_outputs_do_not_accumulate_and_the_redraw_is_fast(notebook):
    before = notebook.page.evaluate("document.querySelectorAll('.jp-OutputArea-child').length")
    latencies = latency.measure(notebook)
    print("\n" + latency.summary(latencies, "kernel idle"))
    assert np.median(latencies) < 50  # a frame, or three on a machine at work
    after = notebook.page.evaluate("document.querySelectorAll('.jp-OutputArea-child').length")
    assert after == before


def test_two_students_train_in_the_browser(notebook):
    section = notebook.panel(TRAINING).locator("#train")
    section.get_by_label("epochs").fill("2")
    section.get_by_role("button", name="Train", exact=True).click()
    section.get_by_text("finished, 2 of 2 epochs").wait_for(timeout=WAIT)
    for student in ("baseline", "distilled"):
        option = notebook.panel(LOSS).locator(f"option[value={student}]")
        option.wait_for(state="attached", timeout=WAIT)


def test_a_training_in_the_kernel_leaves_the_slider_free_and_stops(notebook, logits):
    section = kernel_training(notebook, 1000)
    section.get_by_text(re.compile("running, [1-9]")).wait_for(timeout=WAIT)
    print("\n" + latency.summary(latency.measure(notebook, 40), "while training"))
    check_bars(notebook, logits)
    notebook.panel(TRAINING)
    section.get_by_role("button", name="Stop").click()
    section.get_by_text(re.compile(r"stopped, \d+ of 1000 epochs.*errors on 500")).wait_for(
        timeout=WAIT
    )
    assert section.locator("tr.own").count() == 1
    assert section.locator("tr:not(.own)").count() >= 7  # a head and six recorded rows


def kernel_training(notebook, epochs):
    section = notebook.panel(TRAINING).locator("#kernel-training")
    section.get_by_label("epochs of Keras").fill(str(epochs))
    section.get_by_role("button", name="Train in kernel").click()
    return section


def test_a_training_in_the_kernel_finishes_and_its_student_answers(notebook):
    notebook.panel(TRAINING).locator("#kernel-training select").select_option("30-30")
    section = kernel_training(notebook, 2)
    section.get_by_text(re.compile("finished, 2 of 2 epochs.*errors on 500")).wait_for(timeout=WAIT)
    assert section.locator("tr.own").count() == 2
    panel = notebook.panel(DRAWN)
    panel.get_by_role("button", name="Put test image here").click()
    panel.get_by_role("heading", name=re.compile(r"^30-30, trial 2: \d")).wait_for(timeout=WAIT)
    assert panel.locator("h3").all_inner_texts()[0].startswith("Teacher: ")


def test_nothing_is_wider_than_a_phone(notebook):
    """The panels in a box of 350 pixels, what a phone of 390 leaves beside the page's margins."""
    for index in range(4):
        panel = notebook.panel(index)
        panel.evaluate("(panel) => { panel.style.width = '350px'; }")
        wide = panel.evaluate(
            "(panel) => [...panel.shadowRoot.querySelectorAll('*')].filter(one =>"
            " !one.closest('.scroll, svg, datalist, option') &&"
            " one.getBoundingClientRect().right > panel.getBoundingClientRect().right + 1)"
            ".map(one => one.outerHTML.slice(0, 80))"
        )
        assert wide == [], index
        panel.evaluate("(panel) => { panel.style.width = ''; }")


def test_browser_and_kernel_log_no_error(notebook):
    assert notebook.problems == []
    assert "Traceback" not in notebook.lab.log()


def test_without_a_kernel_the_panels_go_on_and_say_what_does_not(notebook, logits):
    notebook.page.evaluate(
        "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.shutdown()"
    )
    notebook.panel(SOFT_TARGETS).locator("#temperature").press("Home")
    assert check_bars(notebook, logits) == 0.5
    kernel_training(notebook, 1)
    notice = notebook.panel(TRAINING).get_by_role("alert")
    notice.get_by_text("The kernel does not answer").wait_for(timeout=WAIT)
