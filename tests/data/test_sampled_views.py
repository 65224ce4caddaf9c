"""A few views of each image out of many: the same for teacher, students and every session."""

import numpy as np
import pytest

from common import teachers, training
from common.data import views
from common.runs import Recipe
from common.training.batches import Batches
from tests.support.helpers import direct, within_float16

K = 3
JITTER = views.get("mnist_jitter")


@pytest.fixture(scope="module")
def sampled(few, teacher_model, tmp_path_factory):
    """The teacher's logits in 3 of the 25 views of each image."""
    folder = tmp_path_factory.mktemp("sampled") / "t"
    return teachers.make(folder, teacher_model, few, "mnist-mlp-0-seed7", "mnist_jitter", K)


def test_every_row_is_the_teachers_own_answer(few, sampled, teacher_model):
    images = few.train.images
    targets = sampled.targets("train", images, "mnist_jitter", K)
    subset = JITTER.fixed_subset(teachers.image_keys(images), K)
    np.testing.assert_array_equal(np.load(sampled.folder / "train_views.npy"), subset)
    np.testing.assert_array_equal(targets.subset, subset)
    for slot in range(K):
        exact = direct(teacher_model, JITTER.apply(images, subset[:, slot]))
        stored = targets.take(np.arange(100), np.full(100, slot))
        assert within_float16(stored, exact).all(), slot
    assert sampled.targets("validation", few.validation.images).logits.shape == (100, 1, 10)


def test_a_part_of_the_images_in_another_order(few, sampled):
    order = np.random.default_rng(0).permutation(100)[:40]
    whole = sampled.targets("train", few.train.images, "mnist_jitter", K)
    part = sampled.targets("train", few.train.images[order], "mnist_jitter", K)
    np.testing.assert_array_equal(part.subset, whole.subset[order])
    slots = np.arange(40) % K
    np.testing.assert_array_equal(part.take(np.arange(40), slots), whole.take(order, slots))


def test_batches_pair_each_view_with_its_logits(few, sampled, teacher_model):
    recipe = Recipe(batch_size=20, views="mnist_jitter", sampled_views=K)
    targets = sampled.targets("train", few.train.images, "mnist_jitter", K)
    batches, seen = Batches(few.train, {"teacher": targets}, recipe, 4), {}
    for epoch in range(8):
        batches.set_epoch(epoch)
        for index in range(len(batches)):
            images, given = batches[index]
            assert within_float16(given["teacher"], direct(teacher_model, images)).all()
            rows, _ = batches.indices(index)
            for row, image in zip(rows, images, strict=True):
                seen.setdefault(row, set()).add(image.tobytes())
    kinds = [len(kinds) for kinds in seen.values()]
    assert len(kinds) == 100 and max(kinds) == K and np.mean(kinds) > 2.5


def test_students_on_labels_alone_see_the_same_views(few, sampled):
    recipe = Recipe(batch_size=20, views="mnist_jitter", sampled_views=K)
    targets = sampled.targets("train", few.train.images, "mnist_jitter", K)
    taught, alone = (Batches(few.train, given, recipe, 4) for given in ({"t": targets}, {}))
    for data in (taught, alone):
        data.set_epoch(2)
    np.testing.assert_array_equal(taught[3][0], alone[3][0])


def test_targets_of_other_views_are_refused(few, sampled):
    targets = sampled.targets("train", few.train.images, "mnist_jitter", K)
    targets.subset = targets.subset[::-1]
    recipe = Recipe(batch_size=20, views="mnist_jitter", sampled_views=K)
    with pytest.raises(ValueError, match="of other sampled views than the images'"):
        Batches(few.train, {"t": targets}, recipe, 0)


def test_another_number_of_views_is_refused(few, sampled, logits):
    sentence = r"train logits of views 'mnist_jitter' \(3 sampled\), not 'mnist_jitter'"
    for wrong in (0, 4):
        with pytest.raises(ValueError, match=sentence):
            sampled.targets("train", few.train.images, "mnist_jitter", wrong)
    with pytest.raises(ValueError, match=r"views 'plain', not 'mnist_jitter' \(3 sampled\)"):
        logits.targets("train", few.train.images, "mnist_jitter", K)


def test_a_distilled_run_and_its_control(tiny_run, few, sampled, tmp_path):
    recipe = {"views": "mnist_jitter", "sampled_views": K}
    taught = {"teacher": sampled.identity, "temperature": 4, "alpha": 0.9}
    runs = [tiny_run(recipe, **taught), tiny_run(recipe, **taught, shuffled=True)]
    found = training.run(runs, few, output_dir=tmp_path, teachers=[sampled])
    assert found[0]["configuration"]["recipe"]["sampled_views"] == K
    assert found[0]["curve"]["loss"] != found[1]["curve"]["loss"]
