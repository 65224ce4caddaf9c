"""Ladder of controls: the property that each rung must have, in float64."""

import numpy as np
import pytest
from scipy import special, stats

from common.data.transfer_sets import TransferSet
from common.distillation import LADDER
from common.losses import soft_targets
from common.runs import records
from common.teachers import Targets, controls
from common.teachers.online import OnlineTeacher
from common.training import run as train
from common.training.job import TrainingJob

IMAGES, VIEWS, CLASSES = 60, 3, 5
T = 4.0


@pytest.fixture
def labels():
    """Labels of unequal classes."""
    return np.random.default_rng(1).permutation(np.repeat(np.arange(CLASSES), [24, 16, 10, 6, 4]))


@pytest.fixture
def targets():
    """Targets of every second row of a file with a view axis."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 4, (2 * IMAGES, VIEWS, CLASSES)).astype("float16")
    return Targets(logits, rng.permutation(2 * IMAGES)[:IMAGES])


def softened(targets, view=0, temperature=T):
    """(n, classes) soft targets of one view in float64."""
    logits = targets.take(np.arange(len(targets)), view)
    return special.softmax(np.float64(logits) / temperature, axis=1)


def made(name, targets, labels, **options):
    settings = {"temperature": T, "seed": 3} | options
    return controls.Control(name, targets, labels, **settings).targets(targets, labels)


def test_class_mean_is_the_mean_soft_target_of_the_class(targets, labels):
    control = made("class_mean", targets, labels)
    for view in range(VIEWS):
        for index in range(CLASSES):
            of_class = [softened(targets, v)[labels == index] for v in range(VIEWS)]
            mean = np.concatenate(of_class).mean(axis=0)
            rows = softened(control, view)[labels == index]
            np.testing.assert_allclose(rows, np.tile(mean, (len(rows), 1)), atol=1e-7)


def test_class_means_are_those_of_the_training_images_for_every_split(targets, labels):
    control = controls.Control("class_mean", targets, labels, temperature=T)
    other = Targets(targets.logits[:, :1], np.arange(CLASSES))
    rows = softened(control.targets(other, np.arange(CLASSES)[::-1]))
    np.testing.assert_allclose(rows[::-1], controls.class_means(targets, labels, T), atol=1e-7)
    assert control.targets(other, np.arange(CLASSES)).logits.shape == (CLASSES, 1, CLASSES)


def test_means_in_chunks_are_those_at_once(targets, labels, monkeypatch):
    expected = controls.class_means(targets, labels, T)
    monkeypatch.setattr(controls, "_CHUNK", 7 * VIEWS * CLASSES)
    np.testing.assert_allclose(controls.class_means(targets, labels, T), expected, atol=1e-15)


def test_smoothing_has_the_teachers_mean_confidence(targets, labels):
    confidence = np.mean([softened(targets, v)[np.arange(IMAGES), labels] for v in range(VIEWS)])
    rows = softened(made("smoothing", targets, labels))
    expected = np.full((IMAGES, CLASSES), (1 - confidence) / (CLASSES - 1))
    expected[np.arange(IMAGES), labels] = confidence
    np.testing.assert_allclose(rows, expected, atol=1e-7)


@pytest.mark.parametrize("name", ["smoothing", "class_mean"])
def test_saturated_teachers_have_finite_controls(name):
    logits = (2e4 * np.eye(3) - 1e4).astype("float16")[:, None]
    control = made(name, Targets(logits, np.arange(3)), np.arange(3), temperature=0.5)
    assert np.isfinite(control.take(np.arange(3), 0)).all()
    rows = np.asarray(soft_targets(control.take(np.arange(3), 0), 0.5))
    np.testing.assert_allclose(rows, np.eye(3))


def test_permuted_keeps_entropy_and_the_labels_probability(targets, labels):
    control, rows = made("permuted", targets, labels), np.arange(IMAGES)
    for view in range(VIEWS):
        before, after = softened(targets, view), softened(control, view)
        np.testing.assert_allclose(after[rows, labels], before[rows, labels])
        np.testing.assert_allclose(stats.entropy(after, axis=1), stats.entropy(before, axis=1))
        np.testing.assert_allclose(np.sort(after, axis=1), np.sort(before, axis=1))
    np.testing.assert_array_equal(
        control.all_views(slice(4, 9))[:, 1], control.take(rows[4:9], 1).astype("float16")
    )


def test_permutations_are_uniform_over_the_wrong_classes():
    """The mean over images of a fixed answer: equal at all wrong classes."""
    logits = np.broadcast_to(np.float16([5, 3, 1, 0]), (6000, 1, 4))
    control = made("permuted", Targets(logits, np.arange(6000)), np.zeros(6000, int))
    mean = softened(control).mean(axis=0)
    np.testing.assert_allclose(mean[1:], mean[1:].mean(), rtol=0.02)
    assert mean[0] == pytest.approx(softened(Targets(logits, np.arange(1)))[0, 0])


def test_an_image_keeps_its_permutation_in_any_subset_and_order(targets, labels):
    whole = made("permuted", targets, labels).unaugmented()
    some = np.array([7, 50, 3])
    subset = Targets(targets.logits, targets.rows[some])
    part = controls.permuted(subset, labels[some], 3).unaugmented()
    np.testing.assert_array_equal(part, whole[some])


def test_same_class_is_always_another_image_of_the_class(targets, labels):
    control = made("same_class", targets, labels)
    image = {row: index for index, row in enumerate(targets.rows)}
    partner = np.array([image[row] for row in control.rows])
    assert (partner != np.arange(IMAGES)).all()
    np.testing.assert_array_equal(labels[partner], labels)
    assert sorted(partner) == list(range(IMAGES))  # every image's logits are used once


@pytest.mark.parametrize("name", LADDER)
def test_controls_repeat_exactly_and_differ_from_the_teacher(name, targets, labels):
    first, again = (made(name, targets, labels) for _ in range(2))
    np.testing.assert_array_equal(first.unaugmented(), again.unaugmented())
    assert (first.unaugmented() != targets.unaugmented()).any()
    other = made(name, targets, labels, seed=4).unaugmented()
    assert (other != first.unaugmented()).any() == (name not in controls.AVERAGED)


def test_classes_without_images_are_refused(targets, labels):
    lone = np.where(labels == 2, 1, labels)
    with pytest.raises(ValueError, match="'class_mean' needs at least 1 image of every class, cla"):
        made("class_mean", targets, lone)
    lone[0] = 2
    with pytest.raises(ValueError, match=r"'same_class' needs at least 2 images.*class 2 has 1"):
        made("same_class", targets, lone)
    made("smoothing", targets, lone), made("permuted", targets, lone)


@pytest.fixture
def ladder(tiny_run, logits):
    """A distilled student and every control of it."""
    settings = {"teacher": logits.identity, "temperature": 4, "alpha": 0.9}
    return [tiny_run(**settings, control=control) for control in (None, *LADDER)]


def test_every_control_trains_on_its_own_targets(ladder, few, logits):
    job = TrainingJob(ladder, few, {logits.identity: logits})
    own = logits.targets("train", few.train.images)
    rows, _ = job.batches.indices(0)
    _, batch = job.batches[0]
    for run in ladder[1:]:
        control = controls.Control(
            run.settings.control, own, few.train.labels, temperature=4, seed=run.seed
        )
        expected = control.targets(own, few.train.labels).unaugmented()[rows]
        np.testing.assert_array_equal(batch[job._target_name(run)], expected)


@pytest.mark.parametrize("control", controls.AVERAGED)
def test_averages_of_a_job_are_at_each_student_s_temperature(tiny_run, few, logits, control):
    settings = {"teacher": logits.identity, "alpha": 0.9, "control": control}
    runs = [tiny_run(**settings, temperature=t) for t in (2, 8)]
    job = TrainingJob(runs, few, {logits.identity: logits})
    targets, labels = logits.targets("train", few.train.images), few.train.labels
    _, batch = job.batches[0]
    for run, t in zip(runs, (2, 8), strict=True):
        soft = softened(targets, temperature=t)
        expected = np.stack([soft[labels == index].mean(axis=0) for index in range(few.classes)])
        if control == "smoothing":
            confidence = soft[np.arange(len(soft)), labels].mean()
            rest = (1 - confidence) / (few.classes - 1)
            expected = np.where(np.eye(few.classes), confidence, rest)
        rows = special.softmax(np.float64(batch[job._target_name(run)]) / t, axis=1)
        np.testing.assert_allclose(rows, expected[batch["labels"]], atol=1e-6)


def test_records_of_controls(ladder, few, logits, tmp_path):
    """Each trains to other weights; ids and configurations name the control."""
    made = train(ladder, few, output_dir=tmp_path, teachers=[logits])
    assert len({record["weights_sha256"] for record in made}) == len(ladder)
    for run, record in zip(ladder, made, strict=True):
        assert run.settings.control is None or run.settings.control in run.label
        assert type(run).from_configuration(record["configuration"]) == run
        assert records.read(tmp_path, run) == record


@pytest.mark.parametrize(
    ("recipe", "control", "sentence"),
    [
        ({"augmentation": "affine"}, "permuted", "'permuted' is made of a logits file"),
        ({}, "class_mean", "'class_mean' needs at least 1 image of every class, class 3 has 0"),
    ],
)
def test_controls_that_cannot_be_made_are_refused_first(
    tiny_run, few, logits, teacher_model, tmp_path, recipe, control, sentence
):
    teacher = OnlineTeacher(teacher_model, "mnist-mlp-0-seed7") if recipe else logits
    settings = {"teacher": teacher.identity, "temperature": 4, "alpha": 0.9, "control": control}
    run = tiny_run(recipe, **settings, transfer_set=TransferSet(excluded_classes=(3,)))
    with pytest.raises(ValueError, match=sentence):
        train([run], few, output_dir=tmp_path, teachers=[teacher])
