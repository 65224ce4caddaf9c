"""Explorer without a browser: its quantities against independent definitions, its errors."""

import base64
import dataclasses
import io
import re
import struct

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from scipy import special, stats

from common import metrics
from common.experiments.spec import StudySpec
from common.experiments.study import Study
from common.explorer import Explorer, chart, digit_file, html, quantities
from common.explorer.live_run import LiveRun
from common.losses import distillation_loss
from common.runs import ModelSpec, Recipe, records
from common.runs.model_io import load_model
from mnist import recipes

PAIR = np.random.default_rng(0).normal(0, 4, (2, 10)).astype("float32")


TINY = StudySpec(
    folder=recipes.FOLDER,
    teachers={"tiny": ModelSpec("mlp", Recipe(epochs=1), "tiny net", {"width": 16})},
    students=recipes.STUDENTS,
)


def small_study(few, folder):
    return Study(TINY, few, output_dir=folder, retrain=True, epochs=1)


@pytest.fixture(scope="module")
def study(few, tmp_path_factory):
    """A study of 100 digits whose teacher, a tiny net, is trained for one epoch."""
    study = small_study(few, tmp_path_factory.mktemp("runs"))
    study.logits("tiny")
    return study


@pytest.fixture
def view(study):
    return Explorer(study, temperature=4.0)


def displayed(widget):
    """{class: probability} of the first bars that a widget displays."""
    section = widget.value.split("</section>")[0]
    bars = re.findall(r'data-class="(\w+)" data-probability="([\d.]+)"', section)
    return {name: float(value) for name, value in bars}


def png(pixels, mode=None, **options):
    file = io.BytesIO()
    image = Image.fromarray(np.asarray(pixels, "uint8"))
    (image.convert(mode) if mode else image).save(file, "PNG", **options)
    return file.getvalue()


def drawing(few, index=0, scale=7, paper=255):
    """A test digit as a user would draw it: large, dark on light, in a corner."""
    digit = np.kron(few.test.images[index, :, :, 0], np.ones((scale, scale), "uint8"))
    return np.pad(255 - digit, ((5, 90), (160, 10)), constant_values=paper)


@pytest.mark.parametrize("temperature", [0.5, 1, 4, 50])
def test_soft_targets_and_their_entropy(temperature):
    targets = quantities.soften(PAIR[0], temperature)
    expected = special.softmax(PAIR[0].astype("float64") / temperature)
    np.testing.assert_allclose(targets.probabilities, expected, rtol=1e-5)
    assert targets.entropy_bits == pytest.approx(stats.entropy(expected, base=2), abs=1e-9)
    assert targets.effective_classes == pytest.approx(2 ** stats.entropy(expected, base=2))


def test_many_classes_are_the_ten_largest_and_the_rest():
    targets = quantities.soften(np.arange(100.0) / 10, 2.0)
    bars = targets.bars([f"class {i}" for i in range(100)])
    assert [bar[0] for bar in bars] == [*range(99, 89, -1), None]
    assert bars[-1][1] == "other 90"
    assert sum(bar[2] for bar in bars) == pytest.approx(1)


@pytest.mark.parametrize("temperature", [0.5, 1, 5, 20])
def test_gradients_are_those_of_the_loss(temperature):
    student, teacher = PAIR
    terms = quantities.loss_terms(student, teacher, 3, temperature)
    variable = tf.Variable(student[None])
    with tf.GradientTape(persistent=True) as tape:
        soft = distillation_loss(variable, teacher[None], temperature)
        hard = tf.nn.sparse_softmax_cross_entropy_with_logits([3], variable)
    assert terms.soft == pytest.approx(float(soft[0]), rel=1e-5)
    assert terms.hard == pytest.approx(float(hard[0]), rel=1e-5)
    norm = np.linalg.norm(tape.gradient(soft, variable))
    assert terms.soft_gradient == pytest.approx(norm, rel=1e-3)
    assert terms.unscaled_gradient == pytest.approx(norm / temperature**2, rel=1e-3)
    norm = np.linalg.norm(tape.gradient(hard, variable))
    assert terms.hard_gradient == pytest.approx(norm, rel=1e-3)


def test_the_picker_starts_at_the_most_ambiguous_and_wraps():
    logits = np.array([[9, 0, 0], [1, 0, 0], [5, 0, 0], [0, 5, 0]], float)
    picker = quantities.ImagePicker(logits, [0, 0, 0, 2])
    assert [picker.next("most ambiguous", last, 0) for last in (None, 1, 2, 0)] == [1, 2, 0, 1]
    assert picker.next("teacher wrong") == 3
    assert picker.next("teacher wrong", label=0) is None
    assert picker.next("random", label=2) == 3


def test_moving_the_slider_redraws_the_soft_targets(view):
    panel, selection = view.soft_targets, view.selection
    for temperature in (1.0, 8.0):
        selection.temperature.value = temperature
        logits = selection.test_logits[selection.index.value].astype("float64")
        expected = special.softmax(logits / temperature)
        np.testing.assert_allclose(list(displayed(panel.bars).values()), expected, atol=2e-6)
        assert f"at T = {temperature:g}" in panel.bars.value


def test_images_are_chosen_by_class_and_entropy(view, few):
    panel, selection = view.soft_targets, view.selection
    panel.class_filter.value = 3
    assert few.test.labels[selection.index.value] == 3
    entropy = metrics.entropy(selection.test_logits) * (few.test.labels == 3)
    for row in np.argsort(-entropy, kind="stable")[:3]:
        assert selection.index.value == row
        panel.buttons[0].click()
    for button in panel.buttons:
        button.click()
    assert few.test.labels[selection.index.value] == 3
    assert f"test image {selection.index.value}, label 3" in panel.image.value


@pytest.mark.parametrize("bad", [{"temperature": 0.1}, {"alpha": 2}, {"index": 100_000}])
def test_values_out_of_range_are_refused(study, bad):
    with pytest.raises(ValueError, match=next(iter(bad)).replace("index", "test image")):
        Explorer(study, **bad)


def test_a_study_without_logits_is_refused(few, tmp_path):
    with pytest.raises(FileNotFoundError, match="compute them first"):
        Explorer(small_study(few, tmp_path))


def test_the_loss_panel_weights_the_terms_by_alpha(view):
    view.selection.alpha.value = 0.25
    selection, panel = view.selection, view.loss
    teacher = selection.test_logits[selection.index.value]
    terms = quantities.loss_terms(panel.student_logits, teacher, selection.label, selection.T)
    expected = 0.75 * terms.hard + 0.25 * terms.soft
    loss = float(re.search(r'data-loss="([\d.]+)"', panel.view.value)[1])
    assert loss == pytest.approx(expected, abs=1e-5)


def test_a_trial_ends_with_the_weights_of_the_recorded_run(view, study):
    panel = view.training
    view.selection.alpha.value, panel.epochs.value = 0.9, 1
    panel.train.click()
    assert panel.trial.join(60) and panel.trial.state == "finished", panel.trial.error
    (record,) = study.train([panel.trial.run], logits=[view.selection.logits])
    twin = load_model(study.output_dir, panel.trial.run, study.dataset)
    for ours, theirs in zip(panel.trial.model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert panel.trial.errors["test"] == record["test"]["errors"]
    panel._show_records()
    assert "800-800, trial 1" in panel.table.value and "recorded" in panel.table.value
    assert view.selection.students[-1].title == "800-800, trial 1"
    assert records.read(study.output_dir, panel.trial.run)


def test_stop_ends_a_training_within_a_batch(view):
    panel = view.training
    panel.student.value, panel.epochs.value = "30-30", 1000
    panel.train.click()
    assert panel.train.disabled and not panel.stop.disabled
    panel.stop.click()
    assert panel.trial.join(30) and panel.trial.state == "stopped"
    assert len(panel.trial.curve) < 100
    assert panel.stop.disabled and not panel.train.disabled
    assert "of 1000" in panel.table.value


def test_a_training_that_fails_says_why(tiny_run, few):
    run = tiny_run()
    broken = LiveRun(run, dataclasses.replace(few, validation=None), None, "broken")
    broken.start()
    assert broken.join(30) and broken.state == "failed" and broken.error


def test_a_drawn_digit_becomes_an_image_like_mnists(few):
    for index in range(20):
        original = few.test.images[index].astype(float)
        image = digit_file.digit(png(drawing(few, index))).astype(float)
        assert image.shape == (28, 28, 1) and image.max() == 255
        rows, columns = np.indices((28, 28))
        mass = image[:, :, 0] / image.sum()
        assert abs((mass * rows).sum() - 14) < 1 and abs((mass * columns).sum() - 14) < 1
        assert np.corrcoef(original.ravel(), image.ravel())[0, 1] > 0.6


def test_format_and_colors_do_not_matter(few):
    dark = drawing(few)
    expected = digit_file.digit(png(dark)).astype(int)
    clear = np.dstack([np.zeros((*dark.shape, 3)), 255 - dark])  # black ink on nothing
    white = np.dstack([np.full((*dark.shape, 3), 255), 255 - dark])
    files = {
        "light on dark": png(255 - dark),
        "color": png(np.dstack([dark, dark, dark])),
        "palette": png(dark, "P"),
        "black on transparent": png(clear),
        "white on transparent": png(white),
    }
    for name, content in files.items():
        assert np.abs(digit_file.digit(content) - expected).max() <= 3, name
    deep = io.BytesIO()
    Image.fromarray(dark.astype("uint16") * 257).save(deep, "PNG")
    assert np.abs(digit_file.digit(deep.getvalue()) - expected).max() <= 3


def test_unsuitable_files_are_refused_in_one_sentence(few):
    good, blank = png(drawing(few)), np.full((40, 40), 255)
    jpeg = io.BytesIO()
    Image.fromarray(drawing(few)).save(jpeg, "JPEG")
    full = np.full((40, 40), 255)
    full[1:-1, 1:-1] = 0
    files = {
        "not a PNG": jpeg.getvalue(),
        "damaged": good[: len(good) // 2],
        "damaged PNG": good[:20],
        "blank": png(blank),
        "more ink than paper": png(full),
        "4×4 pixels": png(np.zeros((4, 4))),
        "5000×10 pixels": png(np.zeros((10, 5000))),
        "15000×15000 pixels": png(np.zeros((4, 4)))[:16] + struct.pack(">II", 15000, 15000),
        "10000×10000 pixels": png(np.zeros((4, 4)))[:16] + struct.pack(">II", 10000, 10000),
        "6.0 MB": b"\x89PNG" + bytes(6_000_000),
    }
    for reason, content in files.items():
        with pytest.raises(ValueError, match=reason) as caught:
            digit_file.digit(content, "mine.png")
        assert str(caught.value).startswith("mine.png") and "\n" not in str(caught.value)


def test_teacher_and_students_predict_a_dropped_file(view, study, few):
    panel, content = view.drawn_digit, png(drawing(few))
    panel.field.value = f"1\n{len(content)}\n{base64.b64encode(content).decode()}\n<7>.png"
    assert "&lt;7&gt;.png" in panel.image.value
    model = study.model(study.teacher("tiny"))
    logits = np.asarray(model(panel.digit[None], training=False))[0].astype("float64")
    view.selection.temperature.value = 2.0
    np.testing.assert_allclose(
        list(displayed(panel.bars).values()), special.softmax(logits / 2), atol=1e-5
    )
    panel.field.value = "2\n12000000\n\nbig.png"
    assert "big.png has 12.0 MB" in panel.message.value and not panel.bars.value


def test_a_panel_has_text_where_widgets_cannot_be(view):
    bundle = view.soft_targets._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/plain"].startswith("Soft targets of 100 mnist test images")


def test_axes_include_their_values():
    for high in (0.03, 1, 7, 99, 1234):
        axis = chart.linear_axis("", high)
        assert axis.high >= high and 3 <= len(axis.ticks) <= 6
    assert all(tick == int(tick) for tick in chart.linear_axis("", 3, integer=True).ticks)
    axis = chart.log_axis("", [0.02, 3])
    assert axis.low == 0.01 and axis.high == 10 and axis.position(10) == 1


def test_tiny_probabilities_are_not_displayed_as_zero():
    assert [html.percent(p) for p in (0.613, 0.0042, 1e-6)] == ["61.3 %", "0.42 %", "&lt; 0.01 %"]
