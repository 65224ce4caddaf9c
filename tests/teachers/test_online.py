"""Augmentation without a finite set of views, and an online teacher evaluated in the step."""

import json

import keras
import numpy as np
import pytest
from scipy import ndimage

from common import models, teachers, training
from common.data import augmentations
from common.distillation import Distillation
from common.runs import Recipe, Run, records
from common.runs.model_io import load_model
from common.side_by_side import SideBySide, Student
from common.teachers.online import OnlineTeacher
from common.training import checkpoints
from common.training.batches import Batches
from tests.support.helpers import InterruptAt, assert_same_outcome

AFFINE = augmentations.get("affine")


def test_warping_against_scipy():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (6, 11, 14, 2)).astype("uint8")
    matrices = augmentations.Affine("", 40, 0.3, 0.5, 0.3).sample_parameters(rng, 6, (11, 14, 2))
    center = np.array([5, 6.5])
    warped = keras.ops.convert_to_numpy(AFFINE.apply(images, matrices))
    for image, matrix, result in zip(images, matrices, warped, strict=True):
        offset = center + matrix[:, 2] - matrix[:, :2] @ center
        for channel in (0, 1):
            expected = ndimage.affine_transform(
                np.pad(image[..., channel].astype("float64"), 1),
                matrix[:, :2],
                offset + 1 - matrix[:, :2] @ np.ones(2),
                order=1,
            )[1:-1, 1:-1]
            np.testing.assert_allclose(result[..., channel], expected, atol=0.05)


def test_ranges_of_affine_parameters():
    rng, shape = np.random.default_rng(1), (10, 20, 1)
    drawn = augmentations.Affine("", rotation=15).sample_parameters(rng, 500, shape)
    angles = np.rad2deg(np.arctan2(drawn[:, 1, 0], drawn[:, 0, 0]))
    assert -15 <= angles.min() < -13 and 13 < angles.max() <= 15
    np.testing.assert_allclose(np.linalg.det(drawn[:, :, :2]), 1, rtol=1e-5)
    shift = augmentations.Affine("", shift=0.1).sample_parameters(rng, 500, shape)[:, :, 2]
    shear = augmentations.Affine("", shear=0.2).sample_parameters(rng, 500, shape)[:, 1, :1]
    zoom = augmentations.Affine("", zoom=0.1).sample_parameters(rng, 500, shape)
    zoom = zoom[:, [0, 1], [0, 1]] - 1
    for values, bound in ((shift, (1, 2)), (shear, (0.2,)), (zoom, (0.1, 0.1))):
        np.testing.assert_allclose(values.max(axis=0), bound, rtol=0.02)
        np.testing.assert_allclose(-values.min(axis=0), bound, rtol=0.02)
    assert abs(np.corrcoef(zoom.T)[0, 1]) < 0.2  # height and width are drawn independently
    identity = augmentations.Affine("").sample_parameters(rng, 2, shape)
    images = rng.uniform(0, 255, (2, *shape)).astype("float32")
    np.testing.assert_array_equal(np.asarray(AFFINE.apply(images, identity)), images)


def test_augmentation_parameters_depend_on_seed_and_epoch_alone(few):
    def parameters(seed, epoch, before=()):
        batches = Batches(few.train, {}, Recipe(batch_size=25, augmentation="affine"), seed)
        for other in before:
            batches.set_epoch(other)
        batches.set_epoch(epoch)
        return batches[1][1]["augmentation"]

    np.testing.assert_array_equal(parameters(3, 2), parameters(3, 2, before=(0, 1)))
    assert (parameters(3, 2) != parameters(3, 1)).any()
    assert (parameters(3, 2) != parameters(4, 2)).any()


@pytest.fixture(scope="module")
def online():
    model = models.build("cnn", (28, 28, 1), 10, seed=8, width=0.1)
    return OnlineTeacher(model, "mnist-cnn-0-seed8")


@pytest.fixture
def runs(tiny_run, online):
    """A student distilled from the online teacher, its shuffled control, and the baseline."""
    recipe = {"augmentation": "affine", "optimizer": "sgd", "learning_rate": 0.05}
    settings = {"teacher": online.identity, "temperature": 4, "alpha": 0.9}
    control = tiny_run(recipe, **settings, control="shuffled")
    return [tiny_run(recipe, **settings), control, tiny_run(recipe)]


def test_teacher_and_students_see_the_same_augmented_batch(few):
    """A student equal to its teacher has no soft-target loss, unless the images differ."""

    def loss(shuffled, augmentation):
        networks = [models.build("mlp", (28, 28, 1), 10, seed=1, width=16) for _ in range(2)]
        student = Student(networks[0], 2, 1, "model", shuffled)
        batches = Batches(few.train, {}, Recipe(batch_size=25, augmentation=augmentation), 0)
        augment = AFFINE.apply if augmentation != "none" else None
        both = SideBySide({"a": student}, {"model": networks[1]}, augment=augment)
        both.compile(keras.optimizers.SGD(0.0))
        return both.fit(batches, shuffle=False, verbose=0).history["a_loss"][0]

    assert loss(False, "affine") == pytest.approx(0, abs=1e-6)
    plain, augmented = loss(True, "none"), loss(True, "affine")
    assert plain > 0.01 and augmented > 0.01 and plain != augmented


@pytest.mark.slow
def test_online_teacher_is_not_changed_by_training(few, runs, online, tmp_path, monkeypatch):
    before = [np.array(weight) for weight in online.model.get_weights()]
    saved = []
    save = checkpoints.save

    def save_and_count(path, model, progress):
        save(path, model, progress)
        with np.load(path) as arrays:
            saved.append(sum(arrays[name].size for name in arrays.files if "variable" in name))

    monkeypatch.setattr(checkpoints, "save", save_and_count)
    made = training.run(runs, few, output_dir=tmp_path, teachers=[online])
    for old, new in zip(before, online.model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    parameters = made[0]["parameters"]  # with momentum, and SGD's counter of steps
    assert saved == [3 * 2 * parameters + 1] * 2
    curves = [record["curve"]["loss"] for record in made]
    assert curves[0] != curves[1] != curves[2]
    teacher = online.model.predict(few.test.images, verbose=0).argmax(axis=1)
    student = load_model(tmp_path, runs[0], few).predict(few.test.images, verbose=0)
    agreement = np.mean(student.argmax(axis=1) == teacher)
    assert made[0]["test"]["agreement"] == pytest.approx(agreement)
    path = records.path(tmp_path, runs[0])
    assert json.loads(path.read_text())["configuration"]["recipe"]["augmentation"] == "affine"


@pytest.mark.slow
def test_resume_with_an_online_teacher(few, runs, online, tmp_path):
    options = {
        "output_dir": tmp_path / "interrupted",
        "teachers": [online],
        "callbacks": [InterruptAt()],
    }
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            training.run(runs, few, **options)
    training.run(runs, few, **options)
    training.run(runs, few, output_dir=tmp_path / "uninterrupted", teachers=[online])
    assert_same_outcome(tmp_path / "interrupted", tmp_path / "uninterrupted", runs)


def test_teacher_of_the_wrong_kind_is_refused(few, runs, online, teacher_model, tmp_path):
    logits = teachers.make(tmp_path / "teacher", online.model, few, "mnist-cnn-0-seed8")
    assert logits.identity == online.identity
    with pytest.raises(ValueError, match=r"augmentation 'affine': pass .* as an OnlineTeacher"):
        training.run(runs, few, output_dir=tmp_path, teachers=[logits])
    plain = Run(
        few.name,
        "mlp",
        Recipe(),
        teacher=online.identity,
        distillation=Distillation(1, 0.5),
        limit=few.limit,
    )
    with pytest.raises(ValueError, match=r"augmentation 'none': pass .* as its Logits"):
        training.run([plain], few, output_dir=tmp_path, teachers=[online])
    with pytest.raises(ValueError, match=r"unknown augmentation 'afine': did you mean affine"):
        Recipe(augmentation="afine")


def test_logits_of_each_array_of_images_are_computed_once(few, online):
    first, second = few.validation.images[:7], few.test.images[:5]
    computed = [online.targets("validation", images).unaugmented() for images in (first, second)]
    for images, logits in zip((first, second), computed, strict=True):
        np.testing.assert_allclose(logits, online.model.predict(images, verbose=0), rtol=1e-4)
    assert online.targets("validation", first) is online.targets("validation", first.copy())
