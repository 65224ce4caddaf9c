"""Own data and teachers that do not fit are refused, in one sentence, before any training."""

import dataclasses
import warnings

import keras
import numpy as np
import pytest
from keras import layers
from scipy import special

from common import teachers, training
from common.training.data_checks import check_logits
from common.utils.target_checks import warn_at_chance
from tests.support.helpers import no_fit


def changed(few, name, **fields):
    split = dataclasses.replace(getattr(few, name), **fields)
    return dataclasses.replace(few, **{name: split})


@pytest.mark.parametrize("name", ["train", "validation", "test"])
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda s: {"labels": s.labels.astype(float)}, r"labels are float64 \(100,\)"),
        (lambda s: {"labels": s.labels[:, None]}, r"labels are int32 \(100, 1\)"),
        (lambda s: {"labels": s.labels + 1}, "labels are from 1 to 10, .*10 classes: subtract 1"),
        (lambda s: {"labels": np.eye(10)[s.labels]}, "labels have shape"),
        (lambda s: {"labels": s.labels[:99]}, r"labels are int32 \(99,\) for 100 images"),
        (lambda s: {"labels": s.labels.astype(str)}, "labels must be class indices"),
        (lambda s: {"images": s.images / 255}, "images are float64: pass uint8 in 0 to 255"),
        (lambda s: {"images": s.images[:0], "labels": s.labels[:0]}, "has no .* images: set some"),
    ],
)
def test_own_data_are_checked_first(few, tiny_run, tmp_path, monkeypatch, name, change, sentence):
    monkeypatch.setattr(keras.Model, "fit", no_fit)
    data = changed(few, name, **change(getattr(few, name)))
    with pytest.raises(ValueError, match=sentence) as caught:
        training.run([tiny_run()], data, output_dir=tmp_path)
    assert f"{name} " in str(caught.value)


def test_a_split_that_is_missing(few, tiny_run, tmp_path):
    with pytest.raises(ValueError, match="mnist has no validation images"):
        training.run([tiny_run()], dataclasses.replace(few, validation=None), output_dir=tmp_path)


def targets(logits):
    return teachers.Targets(logits[:, None].astype("float16"), np.arange(len(logits)))


def test_logits_of_probabilities_or_in_another_order(random_logits):
    labels = np.arange(2_000) % 10
    logits = random_logits(2_000) + 5 * np.eye(10)[labels]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_logits(targets(logits), labels, "those of t")
    with pytest.raises(ValueError, match="those of t look like probabilities"):
        check_logits(targets(special.softmax(logits, axis=1)), labels, "those of t")
    with pytest.warns(UserWarning, match=r"those of t predict .* of the labels correctly, chance"):
        check_logits(
            targets(logits[np.random.default_rng(0).permutation(2_000)]), labels, "those of t"
        )


def test_chance_is_that_of_permuted_rows():
    """A good teacher of rare classes is no chance, one of another order is."""
    rng = np.random.default_rng(0)
    labels = (rng.random(1_000) < 0.02).astype(int)
    logits = 4 * np.eye(2)[labels]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_at_chance(logits, labels, "these")
        warn_at_chance(logits[:40], labels[:40], "these")  # too few to tell
        warn_at_chance(logits, np.zeros(1_000), "these")  # one class: nobody can tell
    with pytest.warns(UserWarning, match="order of the images"):
        warn_at_chance(np.roll(logits, 500, axis=0), labels, "these")


class Subclassed(keras.Model):
    def __init__(self, end=lambda x: x):
        super().__init__()
        self.scale, self.flatten = layers.Rescaling(1 / 255), layers.Flatten()
        self.dense, self.end = layers.Dense(10), end

    def call(self, images):
        return self.end(self.dense(self.flatten(self.scale(images))))


@pytest.mark.parametrize(
    ("teacher", "sentence"),
    [
        (lambda: Subclassed(keras.ops.softmax), "look like probabilities"),
        (
            lambda: keras.Sequential([layers.Flatten(), layers.Dense(10), layers.Softmax()]),
            "softmax",
        ),
        (lambda: Subclassed(lambda x: {"logits": x}), "returns dict"),
        (lambda: [Subclassed()], "is a list: pass a keras.Model"),
        (lambda: "teacher.keras", "is a str: pass a keras.Model"),
    ],
)
def test_teachers_that_do_not_fit_get_one_sentence(few, tmp_path, teacher, sentence):
    with pytest.raises(ValueError, match=sentence):
        teachers.make(tmp_path / "t", teacher(), few, "mine")
    assert not list(tmp_path.glob("t*/*.npy"))


def test_a_subclassed_teacher_that_is_not_built(few, tmp_path):
    model = Subclassed()
    logits = teachers.make(tmp_path / "t", model, few, "mine")
    expected = model.predict(few.test.images, verbose=0)
    measured = logits.targets("test", few.test.images).unaugmented()
    np.testing.assert_allclose(measured, expected, atol=2e-3)
    assert logits.identity == teachers.identity("mine", teachers.weights_hash(model))
