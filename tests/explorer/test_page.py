"""The interactive page without a browser: its data, its modules, its errors."""

import base64
import json
import re
import zlib

import numpy as np
import pytest

from common import data, metrics, models, results
from common.data.download import UnavailableError
from common.explorer import bundle, page, page_content, page_data
from common.runs import records
from mnist import recipes, tables


@pytest.fixture(scope="module")
def written(few, logits):
    """(text, data) of a page of 100 digits whose teacher is an untrained ConvNet."""
    model = models.build("cnn", few.image_shape, few.classes, width=0.1, seed=1)
    groups = results.group_seeds(
        records.load(path)
        for name in ("mnist-cnn-width0.5-from-cnn-T*-a0.9-share*", "mnist-cnn-width0.5-share*")
        for path in sorted((tables.FOLDER / "results").glob(f"{name}.json"))
    )
    teacher = page_content.Teacher("tiny <net>", logits, model)
    values = page_content.content(few, teacher, groups, tables.TEMPERATURE_SWEEPS)
    return bundle.page("A page", values), values


def half(text):
    return np.frombuffer(base64.b64decode(text), "<f2").astype("float32")


def test_images_labels_and_logits_are_the_data_sets(written, few, logits):
    embedded = json.loads(re.search(r'id="data">(.*?)</script>', written[0], re.DOTALL)[1])
    assert embedded == json.loads(json.dumps(written[1]))
    for name in ("train", "test"):
        split, part = getattr(few, name), embedded[name]
        images = zlib.decompress(base64.b64decode(part["images"]))
        assert images == split.images.tobytes()
        assert list(base64.b64decode(part["labels"])) == split.labels.tolist()
        expected = logits.targets(name, split.images).unaugmented()
        np.testing.assert_array_equal(half(part["logits"]).reshape(expected.shape), expected)
    assert "tiny <net>" in embedded["source"] and "tiny <net>" not in written[0]


def test_images_to_choose_from_have_every_class(written, few, logits):
    choices = written[1]["choices"]
    assert len(set(choices)) == page_content.IMAGES
    assert set(few.test.labels[choices]) == set(range(10))
    entropy = metrics.entropy(logits.targets("test", few.test.images).unaugmented())
    sevens = np.flatnonzero(few.test.labels == 7)
    assert sevens[np.argmax(entropy[sevens])] in choices


def test_sweeps_are_those_of_the_records(written):
    (sweep,) = written[1]["sweeps"]
    assert sweep["student"] == recipes.STUDENTS["cnn_small"].title
    assert sweep["temperatures"] == [1, 2, 4, 8, 20]
    for T, errors in zip(sweep["temperatures"], sweep["errors"], strict=True):
        pattern = f"mnist-cnn-width0.5-from-cnn-T{T:g}-a0.9-share0.05-*.json"
        files = sorted((tables.FOLDER / "results").glob(pattern))
        assert errors == [json.loads(file.read_text())["test"]["errors"] for file in files]
    base = np.mean(sweep["baseline"])
    assert f"makes {base:.0f} test errors" in written[1]["lead"]
    assert re.search(r"by 4[67] %$", written[1]["finding"])


def test_the_module_is_small_and_needs_no_server(written):
    text, page_text = bundle.widget(), bundle.javascript(bundle.PAGE)
    assert max(len(text.encode()), len(page_text.encode())) < 100_000
    assert re.findall(r"^(?:import|export) .*", text, re.MULTILINE) == ["export default widget;"]
    entries = (bundle.PAGE, bundle.WIDGET, bundle.WORKER)
    used = {name for entry in entries for name in bundle.modules(entry)}
    assert used == {file.name for file in bundle.STATIC.glob("*.js")}
    assert set(re.findall(r"https?://[^\s\"'`)]+", written[0])) == {"http://www.w3.org/2000/svg"}
    names = re.findall(r"^const \{([^}]*)\} = \(\(\) =>", text, re.MULTILINE)
    exports = [name for group in names for name in group.split(", ") if name]
    assert len(exports) == len(set(exports)), "two modules export one name"


def test_folded_layers_keep_the_networks_function():
    model = models.build("cnn", (8, 8, 1), 3, width=0.1, seed=1)
    kernel, normalization = (
        next(layer for layer in model.layers if layer.name.startswith(kind))
        for kind in ("conv2d", "batch_normalization")
    )
    rng = np.random.default_rng(0)
    normalization.set_weights([rng.uniform(0.5, 1.5, 3) for _ in range(4)])
    x = rng.normal(0, 1, (1, 6, 6, 1)).astype("float32")
    expected = np.asarray(normalization(kernel(x), training=False))[0, 2, 2]
    first = page_data.teacher_layers(model)[0]
    window = x[0, 1:4, 1:4, 0].ravel()
    found = window @ half(first["kernel"]).reshape(9, 3) + half(first["bias"])
    np.testing.assert_allclose(found, expected, atol=5e-3)  # float16


def test_data_that_are_unavailable_are_said_in_one_sentence(tmp_path, monkeypatch, capsys):
    def unavailable(*_, **__):
        raise UnavailableError("mnist is not prepared and its host does not answer")

    monkeypatch.setattr(data, "load", unavailable)
    assert page.main(["mnist", "--output-dir", str(tmp_path)]) == 1
    assert capsys.readouterr().err == "error: mnist is not prepared and its host does not answer\n"


def test_a_data_set_without_a_teacher_is_refused_in_one_sentence(tmp_path, capsys):
    status = page.main(["tiny_imagenet", "--output-dir", str(tmp_path)])
    assert status == 1 and not list(tmp_path.iterdir())
    assert capsys.readouterr().err.startswith("error: no logits of a teacher of tiny_imagenet in")
