"""Exported files, read in their own runtimes, beside the Keras model and a float64 definition."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from common import export, metrics, models
from common.backend import keras
from common.backend.precision import dtype_policy
from common.export.readback import BOUNDS
from common.results import device
from common.utils import packages

FORMATS = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            any(importlib.util.find_spec(module) is None for module in spec.modules),
            reason=f"{spec.title}'s runtime is not installed: pip install -e '.[{spec.extra}]'",
        ),
    )
    for name, spec in export.FORMATS.items()
]
INT8 = [param for param in FORMATS if "int8" in export.FORMATS[param.values[0]].precisions]
if keras.config.backend() != "tensorflow":  # each export starts a TensorFlow process: one suffices
    FORMATS, INT8 = FORMATS[:1], INT8[:1]


@pytest.fixture(scope="module")
def trained(mnist):
    """A tenth of the 3-layer CNN after a few epochs: it has clear first choices."""
    options = {"width": 0.1, "pixel_statistics": mnist.pixel_statistics}
    model = models.build("cnn", mnist.image_shape, mnist.classes, **options)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss)
    model.fit(mnist.train.images, mnist.train.labels, epochs=8, batch_size=50, verbose=0)
    return model


@pytest.fixture(scope="module")
def calibration(mnist):
    return export.calibration_images(mnist, 200)


def target(folder, format, precision="float32"):
    return folder / export.file_name("net", format, precision)


@pytest.mark.parametrize("format", FORMATS)
def test_file_returns_the_logits_of_the_keras_model(format, trained, mnist, tmp_path):
    path = target(tmp_path, format)
    outcome = export.export(trained, path, format=format, images=mnist.test.images)
    expected = trained.predict(mnist.test.images, verbose=0)
    for images in (mnist.test.images, mnist.test.images.astype("float32")):
        np.testing.assert_allclose(export.predict(path, images), expected, atol=1e-4, rtol=1e-4)
    one = export.predict(path, mnist.test.images[:1])
    np.testing.assert_allclose(one, expected[:1], atol=1e-4, rtol=1e-4)
    assert (outcome.path, outcome.images, outcome.agreement) == (path, 100, 1)
    assert outcome.difference < 1e-4
    names = {path.name, *([path.with_suffix(".bin").name] if format == "openvino" else [])}
    assert {each.name for each in tmp_path.iterdir()} == names
    assert outcome.bytes == sum(f.stat().st_size for f in tmp_path.rglob("*") if f.is_file())


@pytest.mark.parametrize("dataset", ["mnist", "cifar100"])
def test_every_network_of_the_committed_records_would_be_exported(dataset):
    rows = device.read(packages.folder(dataset))["quality"]["rows"]
    assert len(rows) == 55
    assert not [row for row in rows if row["agreement"] < BOUNDS[row["precision"]][1]]


@pytest.mark.parametrize("format", INT8)
def test_int8_is_smaller_and_agrees(format, trained, mnist, calibration, tmp_path):
    path = target(tmp_path, format, "int8")
    images = mnist.test.images
    outcome = export.export(
        trained, path, format=format, int8=True, calibration=calibration, images=images
    )
    logits, expected = export.predict(path, images), trained.predict(images, verbose=0)
    assert metrics.agreement(logits, expected) == outcome.agreement >= 0.95
    assert 0.001 < outcome.difference == pytest.approx(np.abs(logits - expected).max(), rel=1e-3)
    assert outcome.calibration["images"] == 200
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    kernel = integers_of(path, format)
    largest = 64 if format == "onnx" else 127  # of 7 bits and of 8
    assert len(np.unique(kernel)) > 50 and np.abs(kernel.astype(int)).max() == largest


def integers_of(path, format):
    """The int8 weights of the largest convolution in a file, which has a scale per channel."""
    if format == "onnx":
        import onnx

        tensors = onnx.load(path).graph.initializer
        scales = {t.name for t in tensors if t.name.endswith("_scale") and np.prod(t.dims) > 1}
        per_channel = [t for t in tensors if t.name.replace("_quantized", "_scale") in scales]
        arrays = [onnx.numpy_helper.to_array(tensor) for tensor in per_channel]
    else:
        from ai_edge_litert.interpreter import Interpreter

        interpreter = Interpreter(model_path=str(path))
        interpreter.allocate_tensors()
        details = [d for d in interpreter.get_tensor_details() if d["dtype"] == np.int8]
        per_channel = [d for d in details if len(d["quantization_parameters"]["scales"]) > 1]
        arrays = [interpreter.get_tensor(d["index"]) for d in per_channel]
    return max((a for a in arrays if a.dtype == np.int8 and a.ndim == 4), key=np.size)


@pytest.mark.parametrize("format", FORMATS[:1])
def test_float16_halves_the_weights(format, few, tmp_path):
    model = models.build("mlp", few.image_shape, few.classes, width=50)
    full, half = (
        export.export(
            model,
            target(tmp_path, format, precision),
            format=format,
            float16=precision != "float32",
        )
        for precision in ("float32", "float16")
    )
    assert full.bytes - half.bytes == pytest.approx(2 * model.count_params(), rel=0.1)
    assert 0 < half.difference < 0.01 and full.difference < 1e-4


@pytest.mark.parametrize("format", FORMATS[:2])
def test_an_ensemble(format, few, tmp_path):
    options = {"width": 0.05, "pixel_statistics": few.pixel_statistics}
    model = models.build("cnn_ensemble", few.image_shape, few.classes, **options)
    outcome = export.export(model, target(tmp_path, format), format=format, images=few.test.images)
    assert outcome.agreement == 1


@pytest.mark.parametrize("format", FORMATS[:2])
def test_a_normalization_that_was_adapted(format, few, tmp_path):
    inputs, adapted = keras.Input(few.image_shape), keras.layers.Normalization()
    adapted.adapt(few.train.images.astype("float32"))
    logits = keras.layers.Dense(few.classes)(keras.layers.Flatten()(adapted(inputs)))
    model = keras.Model(inputs, logits)
    path = target(tmp_path, format)
    export.export(model, path, format=format)
    kernel, bias = (np.float64(weight) for weight in model.layers[-1].get_weights())
    pixels = few.train.images.astype("float64")
    x = (few.test.images - pixels.mean()) / pixels.std()
    expected = x.reshape(len(x), -1) @ kernel + bias
    np.testing.assert_allclose(export.predict(path, few.test.images), expected, atol=1e-3)


@pytest.mark.parametrize("format", FORMATS[:2])
def test_a_network_in_bfloat16_is_exported_in_float32(format, few, tmp_path):
    with_policy(build := {}, few, "mixed_bfloat16")
    with_policy(reference := {}, few, "float32")
    reference["model"].set_weights(build["model"].get_weights())
    path = target(tmp_path, format)
    export.export(build["model"], path, format=format)
    expected = reference["model"].predict(few.test.images, verbose=0)
    np.testing.assert_allclose(
        export.predict(path, few.test.images), expected, atol=1e-4, rtol=1e-4
    )
    assert build["model"].layers[2].compute_dtype == "bfloat16"


def with_policy(into, few, policy):
    with dtype_policy(policy):
        into["model"] = models.build("cnn", few.image_shape, few.classes, width=0.1)


@pytest.mark.slow  # two more processes import Keras
@pytest.mark.parametrize("format", FORMATS[:1])
def test_a_network_trained_under_jax(format, few, tmp_path):
    """Another process, under JAX, exports; the weights' own dense layer in float64 is the judge."""
    pytest.importorskip("jax")
    path, script = target(tmp_path, format), tmp_path / "script.py"
    script.write_text(
        "import numpy as np, sys\n"
        "from common import export, models\n"
        "from common.backend import keras\n"
        "assert keras.config.backend() == 'jax'\n"
        "model = models.build('mlp', (28, 28, 1), 10, width=8)\n"
        f"export.export(model, {str(path)!r}, format={format!r})\n"
        f"np.savez({str(tmp_path / 'weights.npz')!r}, *model.get_weights())\n"
    )
    root = Path(__file__).parents[2]
    environment = os.environ | {"KERAS_BACKEND": "jax", "PYTHONPATH": str(root)}
    subprocess.run([sys.executable, script], env=environment, check=True, timeout=300, cwd=root)
    with np.load(tmp_path / "weights.npz") as file:
        first, second, third = (file[f"arr_{i}"].astype("float64") for i in (0, 2, 4))
    x = (few.test.images.reshape(100, -1) - 127.5) / 70
    expected = np.maximum(np.maximum(x @ first, 0) @ second, 0) @ third  # biases start at 0
    np.testing.assert_allclose(
        export.predict(path, few.test.images), expected, atol=1e-3, rtol=1e-3
    )


def test_calibration_images_depend_on_the_seed_alone(mnist):
    first, again = (export.calibration_images(mnist, 100, seed=3) for _ in range(2))
    other = export.calibration_images(mnist, 100, seed=4)
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    train = {image.tobytes() for image in mnist.train.images}
    assert all(image.tobytes() in train for image in other) and len(other) == 100
