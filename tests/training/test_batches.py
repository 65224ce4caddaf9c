"""What the students are shown: each image once an epoch, with its own label, view and logits."""

import keras
import numpy as np
import pytest

from common import models, training
from common.backend import batching
from common.data import views
from common.runs import Recipe
from common.side_by_side import SideBySide, Student
from common.training.batches import Batches, validation_batches
from common.training.job import TrainingJob


class Numbered:
    """A teacher's targets that say for which image and view they are."""

    def __init__(self, images, view_set):
        self.logits = np.empty((images, views.get(view_set).count, 2), "float16")

    def __len__(self):
        return len(self.logits)

    def take(self, rows, view):
        return np.stack([rows, view], axis=1).astype("float32")


def epoch_of(batches, epoch):
    batches.set_epoch(epoch)
    parts = [batches[index] for index in range(len(batches))]
    images = np.concatenate([images for images, _ in parts])
    targets = {key: np.concatenate([t[key] for _, t in parts]) for key in parts[0][1]}
    return images, targets


@pytest.mark.parametrize("view_set", ["plain", "mnist_jitter"])
def test_images_labels_and_logits_belong_together(mnist, view_set):
    recipe = Recipe(batch_size=32, views=view_set)
    batches = Batches(mnist.train, {"teacher": Numbered(500, recipe.views)}, recipe, 3)
    images, targets = epoch_of(batches, 2)
    assert len(images) == len(batches) * 32 == 480  # of 500
    rows, seen = targets["teacher"].astype(int).T
    assert len(set(rows)) == 480
    np.testing.assert_array_equal(targets["labels"], mnist.train.labels[rows])
    np.testing.assert_array_equal(seen, views.get(view_set).draw(3, 2, 500)[rows])
    for image, row, view in zip(images, rows, seen, strict=True):
        expected = views.get(view_set).apply(mnist.train.images[row][None], view)[0]
        np.testing.assert_array_equal(image, expected)


def test_order_depends_on_seed_and_epoch_alone(mnist):
    recipe, rows = Recipe(batch_size=50, views="mnist_jitter"), {}
    for seed, epochs in ((0, (0, 1, 2)), (0, (2, 1)), (1, (2,))):
        batches = Batches(mnist.train, {"teacher": Numbered(500, recipe.views)}, recipe, seed)
        for epoch in epochs:
            np.random.default_rng().random(3)
            seen = epoch_of(batches, epoch)[1]["teacher"].tolist()
            assert rows.setdefault((seed, epoch), seen) == seen
    for column in (0, 1):  # neither the images' order nor their views repeat
        assert len({str([pair[column] for pair in seen]) for seen in rows.values()}) == 4
    assert all({row for row, _ in seen} == set(range(500)) for seen in rows.values())


@pytest.mark.parametrize(
    "feeding", [batching.to_tf_dataset, lambda batches: batches], ids=["fed", "bare"]
)
def test_fit_asks_for_the_batches_of_the_epoch_that_has_begun(few, feeding):
    """In order, and never ahead, into an epoch whose order is not yet chosen."""
    asked = []

    class Spied(Batches):
        def __getitem__(self, index):
            asked.append((self.epoch, index))
            return super().__getitem__(index)

        def set_epoch(self, epoch):
            self.epoch = epoch
            super().set_epoch(epoch)

    batches = Spied(few.train, {}, Recipe(batch_size=25), 0)
    together = SideBySide({"a": Student(models.build("mlp", (28, 28, 1), 10, width=8), 1, 0)})
    together.compile("sgd")
    begin = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: batches.set_epoch(epoch)
    )
    together.fit(feeding(batches), epochs=3, callbacks=[begin], shuffle=False, verbose=0)
    assert asked[-12:] == [(epoch, index) for epoch in range(3) for index in range(4)]


def test_the_last_smaller_batch_waits(few):
    assert len(Batches(few.train, {}, Recipe(batch_size=30), 0)) == 3
    larger = Batches(few.train, {}, Recipe(batch_size=1000), 0)
    assert len(larger) == 1 and len(larger[0][0]) == 100


def test_logits_of_other_views_or_images_are_refused(few, logits):
    targets = {"t": logits.targets("train", few.train.images)}
    with pytest.raises(
        ValueError, match="t: its logits are of 100 images in 1 views, not of 100 in"
    ):
        Batches(few.train, targets, Recipe(batch_size=25, views="mnist_jitter"), 0)
    with pytest.raises(ValueError, match="of 100 images in 1 views, not of 10 in 1"):
        Batches(few.train.take(slice(10)), targets, Recipe(batch_size=5), 0)


def test_a_whole_split_stays_in_order(few, logits):
    targets = logits.targets("validation", few.validation.images)
    ((images, given),) = validation_batches(few.validation, {"teacher": targets})
    np.testing.assert_array_equal(images, few.validation.images)
    np.testing.assert_array_equal(given["labels"], few.validation.labels)
    np.testing.assert_array_equal(given["teacher"], targets.unaugmented())


def test_training_starts_every_epoch(tiny_run, few, tmp_path, monkeypatch):
    started, start = [], Batches.set_epoch
    monkeypatch.setattr(Batches, "set_epoch", lambda self, e: started.append(e) or start(self, e))
    training.run([tiny_run({"epochs": 3})], few, output_dir=tmp_path)
    assert started[-3:] == [0, 1, 2]


def test_each_member_of_a_group_gets_its_own_logits(tiny_run, few, logits):
    """The distilled student those of the image it sees, the control another's."""
    settings = {"teacher": logits.identity, "alpha": 0.9, "temperature": 4, "seed": 3}
    taught, control = tiny_run(**settings), tiny_run(**settings, control="shuffled")
    group = TrainingJob([taught, control], few, {logits.identity: logits})
    group.batches.set_epoch(1)
    images, given = group.batches[2]
    sources = [student.teacher for _, student in group.model._students]
    plain = logits.targets("train", few.train.images)
    np.testing.assert_array_equal(given[sources[0]], logits.targets("train", images).unaugmented())
    rows, _ = group.batches.indices(2)
    np.testing.assert_array_equal(given[sources[1]], plain.shuffled(3).unaugmented()[rows])
    assert (given[sources[0]] != given[sources[1]]).any()


def test_a_batch_of_several_seeds_is_one_of_each(mnist):
    recipe = Recipe(batch_size=40, views="mnist_jitter")
    targets = {"teacher": Numbered(500, recipe.views)}
    both, *alone = (Batches(mnist.train, targets, recipe, *seeds) for seeds in ((3, 1), (3,), (1,)))
    for batches in (both, *alone):
        batches.set_epoch(2)
    assert len(both) == len(alone[0])
    images, given = both[4]
    parts = [batches[4] for batches in alone]
    np.testing.assert_array_equal(images, np.concatenate([images for images, _ in parts]))
    for key, values in given.items():
        np.testing.assert_array_equal(values, np.concatenate([own[key] for _, own in parts]))
