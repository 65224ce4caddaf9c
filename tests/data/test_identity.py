"""A data set outside the catalogue is known by its images and labels, not by its name."""

import dataclasses

import numpy as np
import pytest

from common import data, teachers, training
from common.distillation import Distillation
from common.experiments.spec import StudySpec
from common.experiments.study import Study
from common.runs import ModelSpec, Recipe, Run, teacher_model, teacher_run

NET = ModelSpec("mlp", Recipe(epochs=1, batch_size=15), "two-layer net", {"width": 4})


def photographs(side, seed=0, name="photographs"):
    """30 random images in each of three splits, enlarged from 4x4 to `side` pixels."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (3, 30, 4, 4, 1)).astype("uint8")
    images = images.repeat(side // 4, axis=2).repeat(side // 4, axis=3)
    labels = np.arange(30, dtype="int32") % 3
    splits = [data.Split(each, labels) for each in images]
    return data.Dataset(name, ("cat", "dog", "owl"), *splits)


def study(dataset, folder):
    spec = StudySpec(folder, {"net": NET}, {"net": NET}, seeds=(0,))
    return Study(spec, dataset, output_dir=folder)


def test_data_of_one_name_are_trained_on_each_for_itself(tmp_path):
    """The same photographs at 8 and at 12 pixels used to share one baseline."""
    small, large = (study(photographs(side), tmp_path) for side in (8, 12))
    records = [each.train([each.student("net")])[0] for each in (small, large)]
    assert records[0]["parameters"] != records[1]["parameters"]
    assert [record["configuration"]["digest"] for record in records] == [
        small.dataset.digest,
        large.dataset.digest,
    ]
    again = study(photographs(8), tmp_path)
    assert again.train([again.student("net")]) == records[:1]


def test_a_run_on_other_images_is_refused(tmp_path):
    run = Run(model="mlp", recipe=NET.recipe, **photographs(8).identity)
    with pytest.raises(ValueError, match=r"of digest \w{16}, those of photographs have \w{16}: "):
        training.run([run], photographs(8, seed=1), output_dir=tmp_path)
    unnamed = dataclasses.replace(run, digest=None)
    with pytest.raises(ValueError, match="of digest None"):
        training.run([unnamed], photographs(8), output_dir=tmp_path)


def test_digest_of_any_pixel_and_any_label():
    dataset = photographs(8)
    assert dataset.digest == photographs(8, name="others").digest
    for name in ("train", "validation", "test"):
        for field in ("images", "labels"):
            array = getattr(getattr(dataset, name), field).copy()
            array[-1] ^= 1
            split = dataclasses.replace(getattr(dataset, name), **{field: array})
            assert dataclasses.replace(dataset, **{name: split}).digest != dataset.digest
    wide = dataclasses.replace(dataset.test, labels=dataset.test.labels.astype("int64"))
    assert dataclasses.replace(dataset, test=wide).digest == dataset.digest
    assert dataset.trainval().digest not in (None, dataset.digest)


def test_data_of_the_catalogue_have_none(few):
    assert few.digest is None and few.trainval().digest is None
    run = Run(model="mlp", recipe=Recipe(), **few.identity)
    assert "digest" not in run.configuration
    assert run.id == Run("mnist", "mlp", Recipe(), limit=100).id


def test_logits_say_which_images_they_were_made_for(tmp_path):
    dataset = photographs(8)
    own = study(dataset, tmp_path)
    logits = own.logits("net")
    assert logits.header["digest"] == dataset.digest
    assert study(photographs(8), tmp_path).store.find(own.teacher("net")).identity == (
        logits.identity
    )
    other = study(photographs(8, seed=1), tmp_path)
    assert teachers.folder(tmp_path, other.teacher("net")) != logits.folder
    other.dataset.__dict__["digest"] = "0" * 16
    with pytest.raises(ValueError, match="has the logits of digest"):
        other.store.read(tmp_path, own.teacher("net"))


@pytest.mark.parametrize("name", ["my-res-net", "res net v1.5", "a-seed1", "Größe-50"])
def test_names_of_teachers_are_shown_as_they_are(name):
    assert teacher_model(f"{name}@0123456789ab") == name
    assert teacher_run(f"{name}@0123456789ab") == (name, 0)


def test_names_of_data_may_hold_hyphens():
    recipe = Recipe()
    teacher = Run("my-data set/1.0", "cnn", recipe)
    assert teacher.label == "my_data_set_1.0-cnn"
    identity = teachers.identity(teacher.name, 64 * "0")
    assert teacher_model(identity) == "cnn" and teacher_run(identity) == (teacher.id, 0)
    settings = {"teacher": "my-res-net@0123", "distillation": Distillation(4, 0.9)}
    assert Run("my-data", "mlp", recipe, **settings).label == "my_data-mlp-from-my_res_net-T4-a0.9"
