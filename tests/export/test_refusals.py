"""Bad input of `export`: one sentence each, and no file is left."""

import errno

import numpy as np
import pytest

from common import export, models
from common.backend import keras, layers, ops
from common.export import converters, float32_model, formats, in_tensorflow, readback
from common.utils import files

pytest.importorskip("ai_edge_litert", reason="pip install -e '.[export]'")
only_tensorflow = pytest.mark.skipif(
    keras.config.backend() != "tensorflow", reason="converts in this process"
)


@pytest.fixture
def model():
    return models.build("mlp", (8, 8, 1), 3, width=4)


def refused(folder, model, match, *, name="net.tflite", format="litert", error=ValueError, **more):
    with pytest.raises(error, match=match) as caught:
        export.export(model, folder / name, format=format, **more)
    assert "\n" not in str(caught.value)
    assert not [*folder.iterdir()]


@pytest.mark.parametrize(
    "arguments, match",
    [
        ({"format": "tflite"}, "unknown format 'tflite': did you mean"),
        ({"name": "net"}, r"LiteRT files end in \.tflite: call it .*net\.tflite"),
        ({"name": "net.onnx"}, r"LiteRT files end in \.tflite"),
        ({"format": "saved_model"}, "a SavedModel is a folder: call it .*net, not"),
        ({"name": "none/net.tflite"}, "there is no folder .*none: make it"),
        ({"int8": True, "float16": True}, "two precisions: choose one"),
        ({"int8": True}, "int8 needs calibration="),
        ({"min_agreement": 2}, "min_agreement must lie between 0 and 1, got 2"),
        ({"int8": True, "calibration": np.zeros((99, 8, 8, 1))}, "99 calibration images are too f"),
        ({"int8": True, "calibration": np.zeros((100, 9, 8, 1))}, r"shape \(9, 8, 1\), the net"),
        ({"images": np.zeros((5, 9, 8, 1))}, r"compare on have shape \(5, 9, 8, 1\)"),
        ({"images": np.zeros((0, 8, 8, 1))}, r"compare on have shape \(0, 8, 8, 1\)"),
    ],
)
def test_arguments(arguments, match, model, tmp_path):
    refused(tmp_path, model, match, **arguments)


UNIT = np.random.default_rng(0).random((100, 8, 8, 1), "float32")


@pytest.mark.parametrize(
    "arguments",
    [
        {"int8": True, "calibration": UNIT},
        {"int8": True, "calibration": UNIT, "images": 255 * UNIT},
        {"int8": True, "calibration": 255 * UNIT, "images": UNIT},
        {"images": UNIT},
    ],
)
def test_pixels_in_0_to_1_for_a_network_of_0_to_255(arguments, model, tmp_path):
    match = rf"pixels lie in {UNIT.min():.3g} to {UNIT.max():.3g}, but the model 'mlp' scales pix"
    refused(tmp_path, model, match, **arguments)


def test_a_network_that_scales_no_pixels_takes_0_to_1(tmp_path):
    inputs = keras.Input((8, 8, 1))
    network = keras.Model(inputs, layers.Dense(2)(layers.Flatten()(inputs)))
    outcome = export.export(network, tmp_path / "net.tflite", format="litert", images=UNIT)
    assert outcome.agreement == 1 and outcome.images == 100


@pytest.mark.parametrize("format", ["onnx", "openvino", "saved_model"])
def test_a_precision_that_a_format_lacks(format, model, tmp_path):
    name = export.file_name("net", format)
    match = "is not written in float16: choose LiteRT$"
    refused(tmp_path, model, match, name=name, format=format, float16=True)


def test_a_name_that_is_taken(model, tmp_path):
    (tmp_path / "net").mkdir()
    (tmp_path / "file").touch()
    for kind, name in (("folder", "net"), ("file", "file")):
        with pytest.raises(ValueError, match=f"the {kind} .*{name} exists: choose another name"):
            export.export(model, tmp_path / name, format="saved_model")


def test_a_saved_model_is_replaced_when_the_new_one_is_complete(model, tmp_path, monkeypatch):
    path = tmp_path / "net"

    def write(name):
        def convert(model, folder, *_):
            folder.mkdir()
            (folder / "saved_model.pb").touch()
            (folder / name).touch()

        return convert

    def content():
        assert [*tmp_path.iterdir()] == [path]
        return {part.name for part in path.iterdir()}

    def refuse(*_):
        raise ValueError("they differ")

    monkeypatch.setattr(readback, "compare", lambda *_: (0.0, 1.0))
    for name in ("first", "second"):
        monkeypatch.setattr(in_tensorflow, "convert", write(name))
        assert export.export(model, path, format="saved_model").path == path
        assert content() == {name, "saved_model.pb"}
    monkeypatch.setattr(in_tensorflow, "convert", write("third"))
    monkeypatch.setattr(readback, "compare", refuse)
    with pytest.raises(ValueError, match="they differ"):
        export.export(model, path, format="saved_model")
    assert content() == {"saved_model.pb", "second"}


def test_a_folder_is_put_back_if_it_cannot_be_replaced(tmp_path):
    path = tmp_path / "net"
    path.mkdir()
    (path / "first").touch()
    with pytest.raises(FileNotFoundError):
        files.replace(tmp_path / "missing", path)
    assert [*tmp_path.iterdir()] == [path] and [part.name for part in path.iterdir()] == ["first"]


@pytest.mark.parametrize("format", ["litert", "onnx", "openvino"])
def test_a_missing_runtime(format, model, tmp_path, monkeypatch):
    monkeypatch.setattr(formats.importlib.util, "find_spec", lambda name: None)
    extra = "openvino" if format == "openvino" else "export"
    match = rf"files need .*, of the extra \[{extra}\]: pip install -e '\.\[{extra}\]'"
    refused(tmp_path, model, match, name=export.file_name("net", format), format=format)


def test_images_of_any_size(tmp_path):
    inputs = keras.Input((None, None, 1))
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(2, 3)(inputs))
    match = r"takes images of any size, \(None, None, 1\): build it for one size"
    refused(tmp_path, keras.Model(inputs, layers.Dense(2)(x)), match)


@keras.saving.register_keras_serializable("tests")
class ActiveDropout(layers.Dropout):
    def call(self, inputs, training=False):
        return super().call(inputs, training=True)


def with_dropout(layer, **arguments):
    inputs = keras.Input((8, 8, 1))
    x = layer(0.5)(layers.Flatten()(inputs), **arguments)
    return keras.Model(inputs, layers.Dense(2)(x))


def test_active_dropout(tmp_path):
    match = "answers the same images differently each time, as with dropout"
    refused(tmp_path, with_dropout(ActiveDropout), match)


@pytest.mark.parametrize("arguments", [{}, {"training": True}])  # Keras's predict turns both off
def test_inactive_dropout_is_exported(arguments, tmp_path):
    model = with_dropout(layers.Dropout, **arguments)
    assert export.export(model, tmp_path / "net.tflite", format="litert").agreement == 1


def test_onnx_of_over_two_gigabytes(model, tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime")
    monkeypatch.setattr(type(model), "count_params", lambda self: 2**29)
    match = "weights take 2.1 GB, ONNX files hold less than 2.1 GB: choose saved_model"
    refused(tmp_path, model, match, name="net.onnx", format="onnx")


@only_tensorflow
def test_an_operation_that_the_runtime_lacks(tmp_path):
    inputs = keras.Input((8, 8, 1))
    x = ops.abs(ops.cast(ops.erfinv(layers.Flatten()(inputs) / 256), "float32"))
    model = keras.Model(inputs, layers.Dense(2)(x))
    refused(tmp_path, model, "LiteRT has no operation for Erfinv, which the network uses")
    pytest.importorskip("tf2onnx")
    match = "ONNX has no operation for Erfinv|runtime refuses it"
    refused(tmp_path, model, match, name="net.onnx", format="onnx")


def test_a_full_disk(model, tmp_path, monkeypatch):
    def convert(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(in_tensorflow, "convert", convert)
    refused(tmp_path, model, "the disk is full, so .*net.tflite was not written", error=OSError)


@only_tensorflow
def test_a_file_that_differs_from_the_model(model, tmp_path, monkeypatch):
    write = converters.convert

    def convert_another(_model, *arguments):
        write(models.build("mlp", (8, 8, 1), 3, width=4, seed=1), *arguments)

    monkeypatch.setattr(converters, "convert", convert_another)
    match = r"net.tflite was not written: on 200 images its logits differ .* first choices agree"
    refused(tmp_path, model, match)


@only_tensorflow
def test_a_copy_that_differs_from_the_model(model, tmp_path, monkeypatch):
    other = models.build("mlp", (8, 8, 1), 3, width=4, seed=1)
    monkeypatch.setattr(float32_model, "float32_copy", lambda model: other)
    refused(tmp_path, model, "net.tflite was not written: on 200 images its logits differ")


@pytest.mark.parametrize("name", ["net.tflite", "net.onnx"])
def test_a_file_that_is_missing_or_damaged(name, tmp_path):
    """It is named, whatever its runtime raises."""
    if name == "net.onnx":
        pytest.importorskip("onnxruntime")
    path, images = tmp_path / name, np.zeros((1, 8, 8, 1))
    with pytest.raises(ValueError, match=f"there is no exported file .*{name}: write it by"):
        export.predict(path, images)
    path.write_bytes(b"no network")
    with pytest.raises(ValueError, match=rf"{name} cannot be read as .* \(.*\): export it again"):
        export.predict(path, images)
    with pytest.raises(ValueError, match="threads must be a whole number above 0, got 0"):
        export.predict(path, images, threads=0)
    (tmp_path / "net.keras").write_bytes(b"")
    with pytest.raises(ValueError, match=r"net.keras is no exported network: those are \.tflite"):
        export.predict(tmp_path / "net.keras", images)


def test_no_keras_model(tmp_path):
    refused(tmp_path, len, "the exported model is a builtin_function_or_method: pass a keras.Model")


def test_a_bound_of_ones_own(tmp_path, monkeypatch):
    """Two of three first choices agree; the logits differ by 0.1, a tenth of the largest."""
    expected = np.array([[1.0, 0.0], [0.0, 1.0], [0.05, 0.0]])
    in_file = expected + np.array([0.0, 0.1])
    monkeypatch.setattr(readback.runtimes, "predict", lambda *_: in_file)
    arguments = (tmp_path / "net.tflite", np.zeros((3, 8, 8, 1)), expected, "int8")
    with pytest.raises(ValueError, match=r"66.67% of first choices agree \(allowed: 90.0%\)"):
        readback.compare(*arguments)
    assert readback.compare(*arguments, 0.6) == pytest.approx((0.1, 2 / 3))


def test_bounds_are_ordered_like_the_precisions():
    shares = [readback.BOUNDS[precision] for precision in formats.PRECISIONS]
    assert shares == sorted(shares, key=lambda bound: (bound[0], -bound[1]))


@only_tensorflow
def test_a_saved_model_of_another_kind(tmp_path):
    import tensorflow as tf

    tf.saved_model.save(tf.Module(), tmp_path / "other")
    with pytest.raises(ValueError, match=r"other cannot be read as .*: export it again"):
        export.predict(tmp_path / "other", np.zeros((1, 8, 8, 1)))
