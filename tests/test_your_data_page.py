"""Every block of code in docs/your_data.md runs, on few images of few pixels."""

import importlib.util
import re
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from common import data, export, models, teachers
from common.cli import user_data
from common.experiments import one_call
from common.runs import Recipe

TEXT = (Path(__file__).parents[1] / "docs" / "your_data.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
OPTIONAL = {"teacher.onnx": "onnxruntime", "import torch": "torch", "load_torch": "torch"}
OPTIONAL |= {"student.tflite": "ai_edge_litert"}  # executed last
NAMES = ("ash", "birch", "cedar", "fir")
SIDE = 64


def pictures(count, side, seed=0):
    """uint8 pictures of four classes, each brighter in another channel or in none, and labels."""
    rng, labels = np.random.default_rng(seed), np.arange(count) % 4
    brightness = 90 + 90 * np.eye(4)[labels][:, :3]
    noise = rng.normal(0, 30, (count, side, side, 3))
    return (brightness[:, None, None] + noise).clip(0, 255).astype("uint8"), labels


def keras_file(path, side=SIDE):
    """A model of pixels in 0 to 1 that ends in a softmax and tells the four classes apart."""
    stack = [keras.Input((side, side, 3)), keras.layers.GlobalAveragePooling2D()]
    model = keras.Sequential([*stack, keras.layers.Dense(4, activation="softmax")])
    weights = 40 * np.eye(3, 4) * np.array([1, 1, 1, 0])
    model.layers[-1].set_weights([weights, np.array([-20, -20, -20, 0])])
    model.save(path)


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    """The variables that the page's code uses, in a folder with its files."""
    folder = tmp_path_factory.mktemp("page")
    images, labels = pictures(80, SIDE)
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        path = folder / "flowers" / NAMES[label] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    keras_file(folder / "my_resnet.keras")
    keras_file(folder / "my_large_resnet.keras", 2 * SIDE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TFDS_DATA_DIR", str(folder / "cache"))
        patch.chdir(folder)
        yield variables(folder)


def variables(folder):
    flowers = data.from_folder("flowers", image_size=SIDE)
    for split in teachers.SPLITS:
        labels = getattr(flowers, split).labels
        np.save(folder / f"{split}.npy", 5 * np.eye(4, dtype="float32")[labels])
    images, labels = pictures(80, 8)
    known = {"images": images, "labels": labels, "values": 5 * np.eye(4)[labels], "np": np}
    known |= {"multi_hot": (np.arange(240) % 2).reshape(80, 3), "flowers": flowers}
    known |= {"answers": known["multi_hot"] * 6.0 - 3, "data": data, "models": models}
    return known | {"teachers": teachers}


@pytest.fixture
def quick(names, tmp_path, monkeypatch):
    """A copy of the names; one epoch, and runs in a temporary folder."""
    monkeypatch.setattr(one_call, "DEFAULT_RECIPE", Recipe(epochs=1, batch_size=32))
    monkeypatch.setattr("common.utils.packages.default_output_dir", lambda name: tmp_path / name)
    return dict(names)


@pytest.mark.usefixtures("eager")
def test_every_block_but_those_of_other_frameworks(quick, capsys):
    for block in BLOCKS:
        if not any(word in block for word in OPTIONAL):
            block = block.replace("(8, 8, 1), 3", "(8, 8, 3), 3")
            exec(compile(block, "docs/your_data.md", "exec"), quick)
    printed = capsys.readouterr().out
    assert "| my_resnet (shuffled) | 4 | 0.9 |" in printed and "p (t)" in printed
    large = quick["rows"]["test"].argmax(axis=1)
    assert (large == quick["flowers"].test.labels).all()
    assert quick["student"].output_shape == (None, 4)
    assert quick["outcome"].groups[1].settings == "T = 4, 1 : 1, beta = 8"
    stored = quick["logits"].targets("train", quick["trees"].train.images).unaugmented()
    assert (stored.argmax(axis=1) == quick["trees"].train.labels).all()
    if importlib.util.find_spec("ai_edge_litert"):
        exec(block_with("student.tflite"), quick)
        images = quick["flowers"].test.images
        expected = quick["outcome"].model().predict(images, verbose=0)
        np.testing.assert_allclose(export.predict("student.tflite", images), expected, atol=1e-3)


def block_with(word):
    (block,) = [block for block in BLOCKS if word in block]
    return compile(block, "docs/your_data.md", "exec")


def assert_right(logits, flowers):
    stored = logits.targets("test", flowers.test.images).unaugmented()
    assert (stored.argmax(axis=1) == flowers.test.labels).all()


def test_the_block_of_pytorch(quick):
    torch = pytest.importorskip("torch")
    linear = torch.nn.Linear(3, 4)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor(40 * np.eye(4, 3)))
        linear.bias.copy_(torch.tensor([-20.0, -20, -20, 0]))
    pool = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())
    quick["module"] = torch.nn.Sequential(pool, linear)
    exec(block_with("import torch"), quick)
    assert_right(quick["logits"], quick["flowers"])


def test_the_block_of_checkpoints(quick):
    torch = pytest.importorskip("torch")
    from tests.models import torch_definitions

    net = torch_definitions.build("resnet8", 4)
    torch.save(net.state_dict(), "resnet8.pth")
    exec(block_with("load_torch"), quick)
    bias = quick["model"].get_layer("logits").bias
    np.testing.assert_array_equal(bias, net.fc.bias.detach().numpy())


@pytest.mark.parametrize("channels_first", [False, True])
@pytest.mark.parametrize("batch", [None, 7])
def test_the_block_of_onnx(quick, channels_first, batch):
    """Whatever the order of axes in the file; with a batch of fixed size too."""
    pytest.importorskip("onnxruntime")
    write_onnx("teacher.onnx", channels_first, batch)
    exec(block_with("teacher.onnx"), quick)
    assert_right(quick["logits"], quick["flowers"])


def test_an_onnx_file_of_images_of_another_size(quick):
    pytest.importorskip("onnxruntime")
    write_onnx("small.onnx", True, None)
    images, labels = pictures(80, 8)
    small = data.from_arrays("small", (images, labels))
    with pytest.raises(ValueError, match=r"small.onnx takes images \(3, 64, 64\), the data are"):
        teachers.from_any("small.onnx", small)


def write_onnx(path, channels_first, batch):
    """The model of `keras_file` without its softmax, as ONNX."""
    onnx = pytest.importorskip("onnx")
    shape = [batch, 3, SIDE, SIDE] if channels_first else [batch, SIDE, SIDE, 3]
    axes = [2, 3] if channels_first else [1, 2]
    helper, floats = onnx.helper, onnx.TensorProto.FLOAT
    nodes = [helper.make_node("ReduceMean", ["x", "axes"], ["m"], keepdims=0)]
    nodes += [helper.make_node("Gemm", ["m", "w", "b"], ["y"])]
    weights = {"w": 40 * np.eye(3, 4, dtype="float32")}
    weights |= {"b": np.float32([-20, -20, -20, 0]), "axes": np.array(axes, "int64")}
    graph = helper.make_graph(
        nodes,
        "teacher",
        [helper.make_tensor_value_info("x", floats, shape)],
        [helper.make_tensor_value_info("y", floats, [batch, 4])],
        [onnx.numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    opset = helper.make_opsetid("", 18)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=10), path)


def test_the_command(quick, tmp_path, capsys):
    options = ["--image-size", str(SIDE), "--epochs", "1", "--student", "mlp", "--seeds", "0"]
    options += ["--output-dir", str(tmp_path)]
    line = re.search(r"python -m your_data (distill .*?) --student", TEXT)[1]
    user_data.main([*line.split(), *options])
    printed = capsys.readouterr().out
    assert "flowers: 4 classes; images: 64 train, 8 validation, 8 test" in printed
    assert "| my_resnet (shuffled) | 4 | 0.9 |" in printed
    user_data.main(["table", "--output-dir", str(tmp_path)])
    table = [row for row in capsys.readouterr().out.splitlines() if row]
    assert len(table) == 2 + 3 and set(table) <= set(printed.splitlines())


def test_the_help_has_the_defaults_of_the_recipe(capsys):
    with pytest.raises(SystemExit):
        user_data.main(["distill", "--help"])
    text, recipe = " ".join(capsys.readouterr().out.split()), Recipe()
    for option, default in (("epochs", recipe.epochs), ("batch-size", recipe.batch_size)):
        assert f"--{option} N of the student's training; default: {default}" in text
    assert f"by a cosine; default: {recipe.learning_rate}" in text


@pytest.mark.usefixtures("eager")
def test_the_command_of_export(quick, tmp_path, capsys):
    """The command exports baseline and distilled student, not the control."""
    pytest.importorskip("ai_edge_litert")
    images = ["--images", "flowers", "--image-size", str(SIDE), "--output-dir", str(tmp_path)]
    training = ["--teacher", "my_resnet.keras", "--student", "mlp", "--epochs", "1"]
    user_data.main(["distill", *images, *training, "--seeds", "3"])
    (line,) = re.findall(r"python -m your_data export (.*)", TEXT)
    capsys.readouterr()
    user_data.main(["export", *images, *line.removesuffix(" --int8").split()[2:]])
    files = [path.name for path in (tmp_path / "exports").iterdir()]
    assert {re.sub("-[0-9a-f]{8}-", "-", name) for name in files} == {
        "flowers-mlp-from-my_resnet-T4-a0.9-seed3.tflite",
        "flowers-mlp-seed3.tflite",
    }
    assert capsys.readouterr().out.count("first choices agree") == 2
    with pytest.raises(SystemExit, match="has no student of these images: pass --images and its"):
        user_data.main(["export", *images, "--limit", "40"])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["distill", "--images", "flowers", "--teacher", "none.onnx"],
            "there is no file none.onnx",
        ),
        (["distill", "--images", "none", "--teacher", "my_resnet.keras"], "none is no folder"),
        (
            ["distill", "--images", "none", "--teacher", "my_resnet.keras", "--alpha", "2"],
            "alpha must lie between 0 and 1, got 2.0",
        ),
        (
            ["distill", "--images", "none", "--teacher", "my_resnet.keras", "--alpha", "0"],
            "alpha, which is 0 for the baseline, must be a finite number above 0",
        ),
        (["table", "--output-dir", "flowers"], "flowers has no records: `distill` writes them"),
        (
            ["export", "--images", "flowers", "--output-dir", "flowers"],
            "flowers has no records: `distill` writes them",
        ),
        (["export", "--images", "flowers", "--formats", "tflite"], "did you mean litert"),
    ],
)
def test_refusals_of_the_command(names, arguments, sentence):
    with pytest.raises(SystemExit, match=sentence):
        user_data.main(arguments)
