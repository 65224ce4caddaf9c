"""The example of your_data: digits as files, a forest's two estimates, its committed runs."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from common import data, metrics, results, teachers
from common.cli import user_data
from common.runs import records
from your_data import recipes, tables


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """The data set of the committed runs."""
    folder = tmp_path_factory.mktemp("digits")
    images = recipes.write_digits(folder / recipes.DATASET)
    return data.from_folder(images, **recipes.SPLITS, data_dir=folder / "cache")


@pytest.fixture(scope="module")
def groups():
    return results.group_seeds(records.load_all(recipes.FOLDER))


def test_the_files_are_scikit_learns_digits(digits):
    assert sum(len(getattr(digits, split)) for split in teachers.SPLITS) == 1797
    assert digits.image_shape == (8, 8, 1) and digits.classes == 10
    known = {(image * 16).astype("int").tobytes() for image in load_digits().images / 16}
    counts = np.rint(digits.test.images[..., 0] / 255 * 16).astype("int")
    assert all(image.tobytes() in known for image in counts)


def test_the_committed_runs_are_of_these_images(digits, groups):
    assert {group.configuration["digest"] for group in groups} == {digits.digest}
    assert len(groups) == 4 and all(sorted(group.seeds) == [0, 1, 2, 3, 4] for group in groups)


def test_a_forest_is_sure_of_what_it_has_seen(digits):
    """In sample its probabilities are nearly one-hot and always right; out of bag neither."""
    forest = recipes.fit_forest(digits.train, trees=60)
    in_sample = forest.predict_proba(recipes.as_rows(digits.train.images))
    out_of_bag, labels = forest.oob_decision_function_, digits.train.labels
    assert metrics.accuracy(in_sample, labels) == 1 > metrics.accuracy(out_of_bag, labels) > 0.9
    assert in_sample.max(axis=1).mean() > out_of_bag.max(axis=1).mean() + 0.1
    smooth = recipes.smoothed(out_of_bag, trees=60)
    np.testing.assert_allclose(smooth.sum(axis=1), 1)
    assert smooth.min() == pytest.approx(1 / 610)


def test_what_the_page_says(digits, groups):
    text = " ".join((recipes.FOLDER / "README.md").read_text().split())
    test = digits.test
    forest = recipes.fit_forest(digits.train)
    wrong = metrics.errors(forest.predict_proba(recipes.as_rows(test.images)), test.labels)
    assert f"it makes {wrong} test errors itself" in text
    sizes = [len(getattr(digits, split)) for split in teachers.SPLITS]
    assert "into {} training, {} validation and {} test images".format(*sizes) in text
    baseline, in_sample, out_of_bag, control = groups
    assert results.compare(in_sample, baseline).p > 0.05
    for worse in (out_of_bag, control):
        comparison = results.compare(worse, baseline)
        assert comparison.p < 0.01 and comparison.error_reduction < -0.1


def test_the_table(groups, capsys):
    user_data.main(["table"])
    assert tables.forest(groups) in capsys.readouterr().out
