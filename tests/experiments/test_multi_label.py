"""Data with multi-hot labels, and class weights, from arrays to the table."""

import numpy as np
import pytest
from scipy import special

import common
from common import data, metrics, results, teachers
from common.distillation import Distillation
from common.runs import ModelSpec, Recipe, Run, records

RNG = np.random.default_rng(0)
TINY = ModelSpec("mlp", Recipe(epochs=2, batch_size=20), "tiny", {"width": 8})


def arrays(count):
    """Images whose three brightest quarters, of four, are an image's classes; three of them."""
    bright = RNG.integers(0, 2, (count, 3))
    quarters = np.concatenate([bright, np.zeros((count, 1), int)], axis=1).reshape(count, 2, 2, 1)
    images = 60 + 120 * quarters.repeat(3, axis=1).repeat(3, axis=2)
    return (images + RNG.integers(0, 60, images.shape)).astype("uint8"), bright


@pytest.fixture(scope="module")
def quarters():
    return data.from_arrays("quarters", arrays(200), class_names=["red", "green", "blue"])


def sigmoids(images):
    """A teacher's probabilities of the three classes."""
    means = images.reshape(len(images), 2, 3, 2, 3).mean(axis=(2, 4)).reshape(len(images), 4)
    return special.expit((means[:, :3] - 150) / 20).astype("float32")


def test_data_of_several_labels(quarters):
    assert quarters.multi_label and quarters.classes == 3
    sizes = {split: getattr(quarters, split).labels.shape for split in teachers.SPLITS}
    assert sizes == {"train": (160, 3), "validation": (20, 3), "test": (20, 3)}
    few = data.from_arrays("quarters", arrays(200), limit=10)
    assert few.train.labels.shape == (10, 3) and few.class_names == ("0", "1", "2")
    assert quarters.digest != few.digest
    with pytest.raises(ValueError, match="for one-hot rows"):
        data.from_arrays("one-hot", (arrays(60)[0], np.eye(3, dtype=int)[np.arange(60) % 3]))


def test_from_arrays_to_the_table(quarters, tmp_path, capsys):
    weights = (1, 1, 4)
    options = {"temperature": 2, "seeds": [0], "name": "means", "output_dir": tmp_path}
    outcome = common.distill(sigmoids, TINY, quarters, class_weights=weights, **options)
    assert "with probabilities, whose log-odds are taken\n" in capsys.readouterr().out
    header, _, *rows = str(outcome).splitlines()
    assert "mAP %" in header and "agreement" not in header and len(rows) == 3
    assert "| means (bernoulli, weighted) | 2 | 0.9 |" in rows[1]
    assert "shuffled" in rows[2] and all(row.split("|")[-4].strip() for row in rows[1:])
    for group, method in zip(outcome.groups, ("baseline", "distilled", "control"), strict=True):
        (record,) = group.seeds.values()
        assert record["configuration"]["class_weights"] == [1.0, 1.0, 4.0], method
        run = Run.from_configuration(record["configuration"])
        assert run.id == record["run"] and run.baseline.id == outcome.groups[0].run.id
        stored = np.load(records.path(tmp_path, run).with_suffix(".npz"))
        labels = quarters.test.labels
        expected = metrics.mean_average_precision(stored["test"].astype("float64"), labels)
        assert record["test"]["mean_average_precision"] == pytest.approx(expected, abs=1e-3)
    assert results.group_seeds(records.load_all(tmp_path))


def test_the_logits_of_sigmoids(quarters, tmp_path):
    logits = teachers.from_callable(sigmoids, quarters, name="means", output_dir=tmp_path)
    stored = logits.targets("test", quarters.test.images).unaugmented()
    np.testing.assert_allclose(special.expit(stored), sigmoids(quarters.test.images), atol=1e-3)
    with pytest.raises(ValueError, match="several columns of teacher 'means' to a class"):
        several = {"classes": {0: "red", 1: "green", 2: "blue", 3: "blue"}}
        teachers.from_callable(sigmoids, quarters, name="means", output_dir=tmp_path, **several)
    with pytest.raises(ValueError, match="train logits of 'rolled' have a correlation of"):
        rolled = {
            split: np.roll(sigmoids(getattr(quarters, split).images), 7, axis=0)
            for split in teachers.SPLITS
        }
        teachers.from_logits(quarters, name="rolled", **rolled, output_dir=tmp_path)


def test_hard_answers_of_several_labels(quarters, tmp_path):
    """Yes and no in int64: log-odds of float32's closest numbers to 1 and 0."""
    logits = teachers.from_callable(
        lambda images: (sigmoids(images) > 0.5).astype("int64"),
        quarters,
        name="hard",
        output_dir=tmp_path,
    )
    stored = logits.targets("test", quarters.test.images).unaugmented()
    yes = sigmoids(quarters.test.images) > 0.5
    most = special.logit(1 - np.finfo("float32").eps / 2)
    np.testing.assert_allclose(stored, np.where(yes, most, -most), rtol=0.05)


def test_runs_that_do_not_fit_the_labels(quarters, few, tmp_path):
    recipe, identity = Recipe(epochs=1), quarters.identity
    bernoulli = Distillation(1, 0, "bernoulli")
    permuted = Distillation(1, 0.5, "bernoulli", "permuted")
    heavy = Distillation(1, 0, "bernoulli", class_weights=(1, 2))
    cases = [
        (Run(model="mlp", recipe=recipe, **identity), quarters, 'choose method="bernoulli"'),
        (Run("mnist", "mlp", recipe, limit=100, distillation=bernoulli), few, 'method="kd"'),
        (
            Run(model="mlp", recipe=recipe, distillation=permuted, teacher="t@1", **identity),
            quarters,
            "the control 'permuted' is made of one class per image",
        ),
        (
            Run(model="mlp", recipe=recipe, distillation=heavy, **identity),
            quarters,
            "has 2 class_weights, quarters has 3 classes",
        ),
    ]
    for run, dataset, sentence in cases:
        with pytest.raises(ValueError, match=sentence):
            common.training.run([run], dataset, output_dir=tmp_path)


def test_class_weights_of_single_labels(few, tmp_path):
    """A weight of 0 for all classes but two: the others are never predicted."""
    logits = {s: 5 * np.eye(10)[getattr(few, s).labels] for s in teachers.SPLITS}
    weights = (1, 1, *[0] * 8)
    outcome = common.distill(
        teachers.from_logits(few, name="labels", **logits, output_dir=tmp_path),
        ModelSpec("mlp", Recipe(epochs=15, batch_size=20), "tiny", {"width": 8}),
        few,
        alpha=0.1,
        class_weights=weights,
        control=False,
        seeds=1,
        output_dir=tmp_path,
    )
    assert "| baseline (weighted) |" in outcome.table
    baseline = np.load(records.path(tmp_path, outcome.groups[0].run).with_suffix(".npz"))
    assert np.isin(baseline["test"].argmax(axis=1), (0, 1)).mean() > 0.9


def test_a_split_without_any_class_is_refused_before_the_teacher_answers(tmp_path):
    images, labels = arrays(20)
    own = data.from_arrays("dark", arrays(50), test=(images, 0 * labels))
    with pytest.raises(ValueError, match="test labels are all 0: pass images that have one"):
        common.distill(None, TINY, own, output_dir=tmp_path)
