"""Transfer sets: the right images, the same for all seeds, nested; runs on subsets of the data."""

import dataclasses

import numpy as np
import pytest

from common import results, training
from common.data.transfer_sets import ALL, TransferSet
from common.distillation import Distillation
from common.runs import Recipe, Run, teacher_run
from common.training.job import TrainingJob
from common.training.validation import validation_epochs

ONLY = TransferSet(classes=(7, 8))
LABELS = np.random.default_rng(3).integers(0, 10, 5000)


def test_a_share_takes_as_much_of_each_class():
    taken = np.bincount(LABELS[TransferSet(share=0.1).select(LABELS)])
    assert taken.tolist() == [round(0.1 * n) for n in np.bincount(LABELS)]
    assert np.bincount(LABELS[TransferSet(share=1e-6).select(LABELS)]).tolist() == [1] * 10


def test_shares_are_nested_and_neither_first_rows_nor_repeated():
    few, more = (TransferSet(share=share).select(LABELS) for share in (0.01, 0.03))
    assert set(few) < set(more) and len(set(more)) == len(more)
    assert (np.diff(more) > 0).all()
    assert np.median(more) == pytest.approx(2500, abs=500)


def test_classes():
    assert set(LABELS[TransferSet(classes=(8, 7)).select(LABELS)]) == {7, 8}
    without = TransferSet(excluded_classes=(3,)).select(LABELS)
    np.testing.assert_array_equal(without, np.flatnonzero(LABELS != 3))
    both = TransferSet(share=0.5, excluded_classes=(3,)).select(LABELS)
    assert set(both) == set(TransferSet(share=0.5).select(LABELS)) & set(without)


def test_all_is_the_data_set_itself(few):
    assert TransferSet().restrict(few) is few
    assert TransferSet(classes=(8, 7)) == TransferSet(classes=[7, 8, 8])
    labels = [
        subset.label
        for subset in (ALL, TransferSet(0.01), TransferSet(0.5, excluded_classes=[3, 1]))
    ]
    assert labels == ["", "share0.01", "share0.5-without1_3"]


@pytest.mark.parametrize("named", [{"classes": (2, 3)}, {"excluded_classes": (3,)}])
def test_a_class_without_images_is_said_before_any_training(few, named):
    """No prior is known of it, so that no bias could be set afterwards."""
    no_threes = TransferSet(excluded_classes=(3,)).restrict(few)
    with pytest.raises(
        ValueError, match=r"class 3, of which the \d+ .* hold none: raise the limit"
    ):
        TransferSet(**named).restrict(no_threes)


def test_only_training_images_are_left_out(few):
    subset = ONLY.restrict(few)
    included = np.isin(few.train.labels, (7, 8))
    np.testing.assert_array_equal(subset.train.images, few.train.images[included])
    assert subset.test is few.test and subset.validation is few.validation


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"share": 0}, "share must be a finite number above 0"),
        ({"share": 1.1}, "share must lie between 0 and 1, got 1.1"),
        ({"classes": (1.5,)}, "classes must name classes by whole numbers from 0 on, got 1.5"),
        ({"excluded_classes": (-1,)}, "excluded_classes must name classes"),
        ({"classes": (1,), "excluded_classes": (2,)}, "give one of them"),
    ],
)
def test_bad_sets(values, sentence):
    with pytest.raises(ValueError, match=sentence):
        TransferSet(**values)


def test_classes_that_the_data_lack_are_refused_before_training(few, tiny_run, tmp_path):
    for subset, sentence in (
        (TransferSet(excluded_classes=(10,)), "class 10, the data have 0 to 9"),
        (TransferSet(excluded_classes=range(10)), "leaves out every class"),
    ):
        with pytest.raises(ValueError, match=sentence):
            training.run([tiny_run(transfer_set=subset)], few, output_dir=tmp_path)


def test_targets_are_those_of_the_images(few, tiny_run, logits):
    settings = {
        "teacher": logits.identity,
        "distillation": Distillation(1, 0.5),
        "transfer_set": ONLY,
    }
    group = TrainingJob([tiny_run(**settings)], few, {logits.identity: logits})
    images, targets = group.batches[0]
    assert set(targets["labels"]) <= {7, 8}
    full = logits.targets("train", few.train.images).unaugmented()
    for image, target in zip(images, targets[logits.identity], strict=True):
        (row,) = np.flatnonzero((few.train.images == image).all(axis=(1, 2, 3)))
        np.testing.assert_array_equal(target, full[row])


def test_runs_on_other_images_train_apart_and_compare_with_their_own(few, tiny_run, tmp_path):
    subset = TransferSet(share=0.5)
    runs = [tiny_run({"epochs": 1}), tiny_run({"epochs": 1}, transfer_set=subset)]
    records = training.run(runs, few, output_dir=tmp_path)
    assert [record["trained_side_by_side"] for record in records] == [1, 1]
    assert [record["images"]["train"] for record in records] == [
        100,
        len(subset.select(few.train.labels)),
    ]
    assert records[1]["configuration"]["transfer_set"]["share"] == 0.5
    groups = results.group_seeds(records)
    full = results.select(groups, transfer_set=None)
    assert [group.configuration for group in full] == [runs[0].configuration]
    distilled = dataclasses.replace(
        runs[1], teacher="mnist-cnn-0-seed0@0", distillation=Distillation(1, 0.9)
    )
    other = results.SeedGroup(distilled.configuration, {distilled.seed: records[1]})
    assert results.baseline_of(other, groups).configuration == runs[1].configuration


def test_validation_is_not_asked_more_than_was_trained_on(few):
    assert validation_epochs(3, few) == [1, 2, 3]
    subset = TransferSet(share=0.3).restrict(few)
    assert 3 <= 100 // len(subset.train) < 4
    assert validation_epochs(7, subset) == [3, 6, 7]


@pytest.mark.slow
def test_few_images_have_a_curve_of_few_points(few, tiny_run, tmp_path):
    subset = TransferSet(share=0.3)
    (record,) = training.run(
        [tiny_run({"epochs": 4, "batch_size": 10}, transfer_set=subset)], few, output_dir=tmp_path
    )
    assert [len(record["curve"][kind]) for kind in ("accuracy", "val_accuracy")] == [4, 2]
    assert record["curve"]["val_accuracy"][-1] == pytest.approx(record["validation"]["accuracy"])


def test_the_set_decides_the_id_and_a_reader_sees_it():
    full, subset = (Run("mnist", "mlp", Recipe(), transfer_set=s) for s in (ALL, ONLY))
    assert subset.id != full.id and subset.label == "mnist-mlp-only7_8"
    assert "transfer_set" not in full.configuration


def test_names_of_runs_on_many_classes_are_short_and_differ(tmp_path):
    """A name of 90 classes had 291 characters, more than a file's name may have."""
    subsets = [TransferSet(classes=(*range(count),)) for count in (90, 89)]
    runs = [Run("mnist", "mlp", Recipe(), transfer_set=subset) for subset in subsets]
    assert {run.label for run in runs} == {"mnist-mlp-only0_1_2_3_4_5_6_7_"}
    assert len({run.name for run in runs}) == 2
    assert [teacher_run(f"{run.name}@0123") for run in runs] == [(run.id, 0) for run in runs]
    for run in runs:
        (tmp_path / f"{run.name}.weights.h5").touch()  # the longest name of its files
