"""The committed students of the page: their training, their record."""

import json

import numpy as np
import pytest

from common.explorer import page_content, page_methods, page_record, page_seeds
from common.utils import packages


@pytest.fixture(scope="module")
def splits(few, logits):
    return page_content.splits(few, page_content.Teacher("tiny net", logits))


def test_students_of_each_method_train_and_a_seed_repeats(splits):
    widths = {8: ("kd", "dist")}
    first = page_seeds.train(splits, widths, seeds=2, epochs=2)
    assert list(first["8"]) == ["baseline", "kd", "dist"]
    errors = np.array(list(first["8"].values()))
    assert errors.shape == (3, 2, 2)  # students, seeds, epochs
    assert (errors[:, 0] != errors[:, 1]).any()
    assert (errors <= len(splits["test"][0])).all()
    assert page_seeds.train(splits, widths, seeds=1, epochs=2)["8"]["kd"] == first["8"]["kd"][:1]


def test_a_record_of_other_images_or_another_teacher_is_not_shown(splits, tmp_path, monkeypatch):
    monkeypatch.setattr(packages, "folder", lambda dataset: tmp_path)
    assert page_record.read("mnist", splits) == {}
    record = {"images": page_record.digest(splits), "settings": {}, "seeds": [0], "errors": {}}
    page_record.write("mnist", record | {"environment": {}})
    assert page_record.read("mnist", splits) == {"settings": {}, "seeds": [0], "errors": {}}
    split, answers = splits["test"]
    assert page_record.read("mnist", splits | {"test": (split, answers + 1)}) == {}
    assert page_record.read("mnist", splits | {"test": (split.take(slice(9)), answers[:9])}) == {}


def test_the_committed_record_has_the_seeds_that_the_page_names():
    path = packages.folder("mnist") / page_record.FILE
    record = json.loads(path.read_text(encoding="utf-8"))
    assert record["settings"] == page_seeds.SETTINGS | {"alpha": page_seeds.ALPHA}
    assert record["seeds"] == list(range(page_seeds.SEEDS))
    assert {"keras", "numpy", "python"} <= record["environment"]["versions"].keys()
    for width, methods in page_seeds.WIDTHS.items():
        students = record["errors"][str(width)]
        assert list(students) == ["baseline", *methods]
        shape = (page_seeds.SEEDS, page_seeds.SETTINGS["epochs"])
        assert all(np.shape(errors) == shape for errors in students.values())
        baseline, distilled = (np.array(students[name])[:, -1] for name in ("baseline", "kd"))
        assert distilled.max() < baseline.min()  # every seed, as the page's headline has it


def test_methods_have_a_title_a_summary_and_published_settings():
    methods = page_methods.methods()
    assert tuple(methods) == page_methods.METHODS
    for name, method in methods.items():
        assert method["title"] and method["summary"].endswith("."), name
        assert method["temperature"] > 0 and method["soft"] > 0
    assert methods["ls"]["soft"] == 9 and methods["ttm"]["soft"] == 45
    assert methods["dist"]["options"] == {"beta": 1, "gamma": 1}
