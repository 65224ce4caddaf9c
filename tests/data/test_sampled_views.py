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
    return teachers.make(
        folder, teacher_model, few, "mnist-mlp-0-seed7", views.get("mnist_jitter", K)
    )


def test_every_row_is_the_teachers_own_answer(few, sampled, teacher_model):
    images = few.train.images
    targets = sampled.targets("train", images, views.get("mnist_jitter", K))
    subset = views.get("mnist_jitter", K).fixed_subset(teachers.image_keys(images))
    np.testing.assert_array_equal(np.load(sampled.folder / "train_views.npy"), subset)
    np.testing.assert_array_equal(targets.subset, subset)
    for slot in range(K):
        exact = direct(teacher_model, JITTER.apply(images, subset[:, slot]))
        stored = targets.take(np.arange(100), np.full(100, slot))
        assert within_float16(stored, exact).all(), slot
    assert sampled.targets("validation", few.validation.images).logits.shape == (100, 1, 10)


def test_a_part_of_the_images_in_another_order(few, sampled):
    order = np.random.default_rng(0).permutation(100)[:40]
    full = sampled.targets("train", few.train.images, views.get("mnist_jitter", K))
    reordered = sampled.targets("train", few.train.images[order], views.get("mnist_jitter", K))
    np.testing.assert_array_equal(reordered.subset, full.subset[order])
    slots = np.arange(40) % K
    np.testing.assert_array_equal(reordered.take(np.arange(40), slots), full.take(order, slots))


def test_batches_pair_each_view_with_its_logits(few, sampled, teacher_model):
    recipe = Recipe(batch_size=20, views="mnist_jitter", views_per_image=K)
    targets = sampled.targets("train", few.train.images, views.get("mnist_jitter", K))
    batches, pixels_by_row = Batches(few.train, {"teacher": targets}, recipe, 4), {}
    for epoch in range(8):
        batches.set_epoch(epoch)
        for index in range(len(batches)):
            images, batch_targets = batches[index]
            assert within_float16(batch_targets["teacher"], direct(teacher_model, images)).all()
            rows, _ = batches.indices(index)
            for row, image in zip(rows, images, strict=True):
                pixels_by_row.setdefault(row, set()).add(image.tobytes())
    kinds = [len(kinds) for kinds in pixels_by_row.values()]
    assert len(kinds) == 100 and max(kinds) == K and np.mean(kinds) > 2.5


def test_students_on_labels_alone_see_the_same_views(few, sampled):
    recipe = Recipe(batch_size=20, views="mnist_jitter", views_per_image=K)
    targets = sampled.targets("train", few.train.images, views.get("mnist_jitter", K))
    distilled, baseline = (Batches(few.train, each, recipe, 4) for each in ({"t": targets}, {}))
    for batches in (distilled, baseline):
        batches.set_epoch(2)
    np.testing.assert_array_equal(distilled[3][0], baseline[3][0])


def test_targets_of_other_views_are_refused(few, sampled):
    targets = sampled.targets("train", few.train.images, views.get("mnist_jitter", K))
    targets.subset = targets.subset[::-1]
    recipe = Recipe(batch_size=20, views="mnist_jitter", views_per_image=K)
    with pytest.raises(ValueError, match="of other views than those of the images"):
        Batches(few.train, {"t": targets}, recipe, 0)


def test_another_number_of_views_is_refused(few, sampled, logits):
    sentence = r"train logits of views 'mnist_jitter' \(3 sampled\), not 'mnist_jitter'"
    for wrong in (0, 4):
        with pytest.raises(ValueError, match=sentence):
            sampled.targets("train", few.train.images, views.get("mnist_jitter", wrong))
    with pytest.raises(ValueError, match=r"views 'plain', not 'mnist_jitter' \(3 sampled\)"):
        logits.targets("train", few.train.images, views.get("mnist_jitter", K))


def test_a_distilled_run_and_its_control(tiny_run, few, sampled, tmp_path):
    recipe = {"views": "mnist_jitter", "views_per_image": K}
    settings = {"teacher": sampled.identity, "temperature": 4, "alpha": 0.9}
    runs = [tiny_run(recipe, **settings), tiny_run(recipe, **settings, control="shuffled")]
    records = training.run(runs, few, output_dir=tmp_path, teachers=[sampled])
    assert records[0]["configuration"]["recipe"]["sampled_views"] == K
    assert records[0]["curve"]["loss"] != records[1]["curve"]["loss"]
