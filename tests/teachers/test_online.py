"""An augmentation without a finite set, made in the step, and a teacher that answers there."""

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
from common.training import trainer
from common.training.batches import Batches
from tests.support.helpers import InterruptAt, assert_same_outcome

AFFINE = augmentations.get("affine")


def test_warping_against_scipy():
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (6, 11, 14, 2)).astype("uint8")
    drawn = augmentations.Affine("", 40, 0.3, 0.5, 0.3).sample_parameters(random, 6, (11, 14, 2))
    center = np.array([5, 6.5])
    warped = keras.ops.convert_to_numpy(AFFINE.apply(images, drawn))
    for image, matrix, own in zip(images, drawn, warped, strict=True):
        offset = center + matrix[:, 2] - matrix[:, :2] @ center
        for channel in (0, 1):
            expected = ndimage.affine_transform(
                np.pad(image[..., channel].astype("float64"), 1),
                matrix[:, :2],
                offset + 1 - matrix[:, :2] @ np.ones(2),
                order=1,
            )[1:-1, 1:-1]
            np.testing.assert_allclose(own[..., channel], expected, atol=0.05)


def test_each_part_of_an_affine_drawing():
    random, shape = np.random.default_rng(1), (10, 20, 1)
    drawn = augmentations.Affine("", rotation=15).sample_parameters(random, 500, shape)
    angles = np.rad2deg(np.arctan2(drawn[:, 1, 0], drawn[:, 0, 0]))
    assert -15 <= angles.min() < -13 and 13 < angles.max() <= 15
    np.testing.assert_allclose(np.linalg.det(drawn[:, :, :2]), 1, rtol=1e-5)
    drawn = augmentations.Affine("", shift=0.1).sample_parameters(random, 500, shape)
    np.testing.assert_allclose(np.abs(drawn[:, :, 2]).max(axis=0), (1, 2), rtol=0.02)
    drawn = augmentations.Affine("", shear=0.2).sample_parameters(random, 500, shape)
    assert np.abs(drawn[:, 1, 0]).max() == pytest.approx(0.2, rel=0.02)
    drawn = augmentations.Affine("", zoom=0.1).sample_parameters(random, 500, shape)
    np.testing.assert_allclose(drawn[:, [0, 1], [0, 1]].min(axis=0), 0.9, atol=0.01)
    still = augmentations.Affine("").sample_parameters(random, 2, shape)
    images = random.uniform(0, 255, (2, *shape)).astype("float32")
    np.testing.assert_array_equal(np.asarray(AFFINE.apply(images, still)), images)


def test_drawn_by_seed_and_epoch(few):
    def drawn(seed, epoch, before=()):
        batches = Batches(few.train, {}, Recipe(batch_size=25, augmentation="affine"), seed)
        for other in before:
            batches.set_epoch(other)
        batches.set_epoch(epoch)
        return batches[1][1]["augmentation"]

    np.testing.assert_array_equal(drawn(3, 2), drawn(3, 2, before=(0, 1)))
    assert (drawn(3, 2) != drawn(3, 1)).any() and (drawn(3, 2) != drawn(4, 2)).any()


@pytest.fixture(scope="module")
def online():
    model = models.build("cnn", (28, 28, 1), 10, seed=8, width=0.1)
    return OnlineTeacher(model, "mnist-cnn-0-seed8")


@pytest.fixture
def taught(tiny_run, online):
    """A student taught in the step, a control, and one on labels alone."""
    recipe = {"augmentation": "affine", "optimizer": "sgd", "learning_rate": 0.05}
    own = {"teacher": online.identity, "temperature": 4, "alpha": 0.9}
    return [tiny_run(recipe, **own), tiny_run(recipe, **own, control="shuffled"), tiny_run(recipe)]


def test_teacher_and_students_see_the_same_augmented_batch(few):
    """A student that is its teacher has no soft-target loss, unless it sees other pixels."""

    def loss(shuffled, augmentation):
        nets = [models.build("mlp", (28, 28, 1), 10, seed=1, width=16) for _ in range(2)]
        student = Student(nets[0], 2, 1, "model", shuffled)
        batches = Batches(few.train, {}, Recipe(batch_size=25, augmentation=augmentation), 0)
        augment = AFFINE.apply if augmentation != "none" else None
        both = SideBySide({"a": student}, {"model": nets[1]}, augment=augment)
        both.compile(keras.optimizers.SGD(0.0))
        return both.fit(batches, shuffle=False, verbose=0).history["a_loss"][0]

    assert loss(False, "affine") == pytest.approx(0, abs=1e-6)
    plain, augmented = loss(True, "none"), loss(True, "affine")
    assert plain > 0.01 and augmented > 0.01 and plain != augmented


@pytest.mark.slow
def test_an_online_teacher_stays_as_it_was(few, taught, online, tmp_path, monkeypatch):
    before = [np.array(weight) for weight in online.model.get_weights()]
    saved = []
    save = trainer.checkpoints.save

    def spied(path, model, progress):
        save(path, model, progress)
        with np.load(path) as arrays:
            saved.append(sum(arrays[name].size for name in arrays.files if "variable" in name))

    monkeypatch.setattr(trainer.checkpoints, "save", spied)
    made = training.run(taught, few, output_dir=tmp_path, teachers=[online])
    for own, other in zip(before, online.model.get_weights(), strict=True):
        np.testing.assert_array_equal(own, other)
    parameters = made[0]["parameters"]  # each with a momentum, and SGD's count of steps
    assert saved == [3 * 2 * parameters + 1] * 2
    curves = [record["curve"]["loss"] for record in made]
    assert curves[0] != curves[1] != curves[2]
    answers = online.model.predict(few.test.images, verbose=0).argmax(axis=1)
    student = load_model(tmp_path, taught[0], few).predict(few.test.images, verbose=0)
    same = np.mean(student.argmax(axis=1) == answers)
    assert made[0]["test"]["agreement"] == pytest.approx(same)
    path = records.path(tmp_path, taught[0])
    assert json.loads(path.read_text())["configuration"]["recipe"]["augmentation"] == "affine"


@pytest.mark.slow
def test_resumed_with_an_online_teacher(few, taught, online, tmp_path):
    options = {"output_dir": tmp_path / "cut", "teachers": [online], "callbacks": [InterruptAt()]}
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            training.run(taught, few, **options)
    training.run(taught, few, **options)
    training.run(taught, few, output_dir=tmp_path / "whole", teachers=[online])
    assert_same_outcome(tmp_path / "cut", tmp_path / "whole", taught)


def test_a_teacher_must_be_one_that_can_answer(few, taught, online, teacher_model, tmp_path):
    logits = teachers.make(tmp_path / "teacher", online.model, few, "mnist-cnn-0-seed8")
    assert logits.identity == online.identity
    with pytest.raises(ValueError, match=r"augmentation 'affine': pass .* as an OnlineTeacher"):
        training.run(taught, few, output_dir=tmp_path, teachers=[logits])
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


def test_each_array_of_images_is_asked_once(few, online):
    first, second = few.validation.images[:7], few.test.images[:5]
    answers = [online.targets("validation", images).unaugmented() for images in (first, second)]
    for images, told in zip((first, second), answers, strict=True):
        np.testing.assert_allclose(told, online.model.predict(images, verbose=0), rtol=1e-4)
    assert online.targets("validation", first) is online.targets("validation", first.copy())
