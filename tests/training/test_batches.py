"""Training batches: each image once per epoch, with its label, view and logits."""

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
    """Teacher targets whose logits are the numbers of image and view."""

    def __init__(self, images, view_set):
        self.logits = np.empty((images, views.get(view_set).count, 2), "float16")

    def __len__(self):
        return len(self.logits)

    def take(self, rows, view):
        return np.stack([rows, view], axis=1).astype("float32")


def epoch_of(batches, epoch):
    batches.set_epoch(epoch)
    pairs = [batches[index] for index in range(len(batches))]
    images = np.concatenate([images for images, _ in pairs])
    targets = {key: np.concatenate([t[key] for _, t in pairs]) for key in pairs[0][1]}
    return images, targets


@pytest.mark.parametrize("view_set", ["plain", "mnist_jitter"])
def test_images_labels_and_logits_are_aligned(mnist, view_set):
    recipe = Recipe(batch_size=32, views=view_set)
    batches = Batches(mnist.train, {"teacher": Numbered(500, recipe.views)}, recipe, 3)
    images, targets = epoch_of(batches, 2)
    assert len(images) == len(batches) * 32 == 480  # of 500
    rows, view_ids = targets["teacher"].astype(int).T
    assert len(set(rows)) == 480
    np.testing.assert_array_equal(targets["labels"], mnist.train.labels[rows])
    np.testing.assert_array_equal(view_ids, views.get(view_set).draw(3, 2, 500)[rows])
    for image, row, view in zip(images, rows, view_ids, strict=True):
        expected = views.get(view_set).apply(mnist.train.images[row][None], view)[0]
        np.testing.assert_array_equal(image, expected)


def test_order_depends_on_seed_and_epoch_alone(mnist):
    recipe, rows = Recipe(batch_size=50, views="mnist_jitter"), {}
    for seed, epochs in ((0, (0, 1, 2)), (0, (2, 1)), (1, (2,))):
        batches = Batches(mnist.train, {"teacher": Numbered(500, recipe.views)}, recipe, seed)
        for epoch in epochs:
            np.random.default_rng().random(3)
            pairs = epoch_of(batches, epoch)[1]["teacher"].tolist()
            assert rows.setdefault((seed, epoch), pairs) == pairs
    for column in (0, 1):  # neither the images' order nor their views repeat
        assert len({str([pair[column] for pair in pairs]) for pairs in rows.values()}) == 4
    assert all({row for row, _ in pairs} == set(range(500)) for pairs in rows.values())


@pytest.mark.parametrize(
    "convert", [batching.to_tf_dataset, lambda batches: batches], ids=["tf.data", "PyDataset"]
)
def test_fit_reads_no_batch_before_its_epoch_begins(few, convert):
    """Prefetching must not cross into an epoch whose order is not drawn yet."""
    requests = []

    class RecordingBatches(Batches):
        def __getitem__(self, index):
            requests.append((self.epoch, index))
            return super().__getitem__(index)

        def set_epoch(self, epoch):
            self.epoch = epoch
            super().set_epoch(epoch)

    batches = RecordingBatches(few.train, {}, Recipe(batch_size=25), 0)
    students = SideBySide({"a": Student(models.build("mlp", (28, 28, 1), 10, width=8), 1, 0)})
    students.compile("sgd")
    begin = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: batches.set_epoch(epoch)
    )
    students.fit(convert(batches), epochs=3, callbacks=[begin], shuffle=False, verbose=0)
    assert requests[-12:] == [(epoch, index) for epoch in range(3) for index in range(4)]


def test_incomplete_last_batch_is_left_out(few):
    assert len(Batches(few.train, {}, Recipe(batch_size=30), 0)) == 3
    larger = Batches(few.train, {}, Recipe(batch_size=1000), 0)
    assert len(larger) == 1 and len(larger[0][0]) == 100


def test_logits_of_other_views_or_images_are_refused(few, logits):
    targets = {"t": logits.targets("train", few.train.images)}
    with pytest.raises(
        ValueError, match="t has logits of 100 images in 1 views, but students train on 100 in"
    ):
        Batches(few.train, targets, Recipe(batch_size=25, views="mnist_jitter"), 0)
    with pytest.raises(ValueError, match="of 100 images in 1 views, but students train on 10 in 1"):
        Batches(few.train.take(slice(10)), targets, Recipe(batch_size=5), 0)


def test_validation_batches_keep_the_order(few, logits):
    targets = logits.targets("validation", few.validation.images)
    ((images, batch),) = validation_batches(few.validation, {"teacher": targets})
    np.testing.assert_array_equal(images, few.validation.images)
    np.testing.assert_array_equal(batch["labels"], few.validation.labels)
    np.testing.assert_array_equal(batch["teacher"], targets.unaugmented())


def test_training_sets_every_epoch(tiny_run, few, tmp_path, monkeypatch):
    epochs, set_epoch = [], Batches.set_epoch
    monkeypatch.setattr(
        Batches, "set_epoch", lambda self, epoch: epochs.append(epoch) or set_epoch(self, epoch)
    )
    training.run([tiny_run({"epochs": 3})], few, output_dir=tmp_path)
    assert epochs[-3:] == [0, 1, 2]


def test_each_member_of_a_job_has_its_own_logits(tiny_run, few, logits):
    """The distilled student has the image's logits, the control those of another image."""
    settings = {"teacher": logits.identity, "alpha": 0.9, "temperature": 4, "seed": 3}
    distilled, control = tiny_run(**settings), tiny_run(**settings, control="shuffled")
    job = TrainingJob([distilled, control], few, {logits.identity: logits})
    job.batches.set_epoch(1)
    images, batch = job.batches[2]
    names = [student.teacher for _, student in job.model._students]
    plain = logits.targets("train", few.train.images)
    np.testing.assert_array_equal(batch[names[0]], logits.targets("train", images).unaugmented())
    rows, _ = job.batches.indices(2)
    np.testing.assert_array_equal(batch[names[1]], plain.shuffled(3).unaugmented()[rows])
    assert (batch[names[0]] != batch[names[1]]).any()


def test_batch_of_several_seeds_concatenates_one_of_each(mnist):
    recipe = Recipe(batch_size=40, views="mnist_jitter")
    targets = {"teacher": Numbered(500, recipe.views)}
    both, *single = (
        Batches(mnist.train, targets, recipe, *seeds) for seeds in ((3, 1), (3,), (1,))
    )
    for batches in (both, *single):
        batches.set_epoch(2)
    assert len(both) == len(single[0])
    images, batch = both[4]
    pairs = [batches[4] for batches in single]
    np.testing.assert_array_equal(images, np.concatenate([images for images, _ in pairs]))
    for key, values in batch.items():
        np.testing.assert_array_equal(values, np.concatenate([t[key] for _, t in pairs]))
