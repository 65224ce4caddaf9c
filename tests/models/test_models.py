"""Every architecture: published counts, shapes, precision, seeds, training, saving."""

import functools
import subprocess
import sys

import numpy as np
import pytest

from common import models
from common.backend import keras, layers, ops
from common.backend.precision import dtype_policy
from common.models import __main__ as command
from common.models import cost
from common.models.blocks import channel_shuffle

# NumPy 2 warns about Keras's conversion of TensorFlow variables
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

CIFAR = (32, 32, 3)
STEP = 1e-5  # small: gradients of untrained deep nets on four images reach a norm of hundreds

# Trainable parameters at 100 classes and multiply-adds at 32x32x3. Those of RepDistiller's nets
# were counted by PyTorch on RepDistiller's definitions (at commit eedab9d and later), those of
# VGG with its `pools=3`; the others by hand from their papers' layer tables.
PUBLISHED = {
    "resnet8": (83_892, 12_507_392),
    "resnet14": (181_108, 26_663_168),
    "resnet20": (278_324, 40_818_944),
    "resnet32": (472_756, 69_130_496),
    "resnet44": (667_188, 97_442_048),
    "resnet56": (861_620, 125_753_600),
    "resnet110": (1_736_564, 253_155_584),
    "resnet8x4": (1_233_540, 177_071_104),
    "resnet32x4": (7_433_860, 1_083_040_768),
    "wrn_16_1": (180_916, 26_663_168),
    "wrn_16_2": (703_284, 101_118_464),
    "wrn_40_1": (569_780, 83_286_272),
    "wrn_40_2": (2_255_156, 327_610_880),
    "vgg8": (3_965_028, 96_192_512),
    "vgg11": (9_277_284, 209_438_720),
    "vgg13": (9_462_180, 284_936_192),
    "vgg16": (14_774_436, 398_182_400),
    "vgg19": (20_086_692, 511_428_608),
    "mobilenet_v2": (812_836, 6_523_648),
    "shuffle_v1": (949_258, 38_691_456),
    "shuffle_v2": (1_355_528, 44_504_448),
    "mlp": (
        3072 * 800 + 800 + 800 * 800 + 800 + 800 * 100 + 100,
        3072 * 800 + 800 * 800 + 800 * 100,
    ),
    "cnn": (
        9 * (3 * 32 + 32 * 64 + 64 * 128) + 2 * (32 + 64 + 128) + 16 * 128 * 100 + 100,
        9 * (1024 * 3 * 32 + 256 * 32 * 64 + 64 * 64 * 128) + 16 * 128 * 100,
    ),
}
PUBLISHED["cnn_ensemble"] = tuple(3 * count for count in PUBLISHED["cnn"])

# Deeper networks of a family, built by the same code as its smallest one.
DEEPER = {"resnet14", "resnet20", "resnet32", "resnet44", "resnet56", "resnet110", "resnet32x4"}
DEEPER |= {"wrn_16_2", "wrn_40_1", "wrn_40_2", "vgg11", "vgg13", "vgg19"}
NAMES = [name for name in models.NAMES if name not in DEEPER]
SHALLOW = {"resnet164": {"units": 2}}  # 20 of its layers


@functools.cache
def net(name, image_shape=CIFAR, classes=100, **options):
    return models.build(name, image_shape, classes, **options)


def images(image_shape=CIFAR, count=4, seed=0):
    shape = (count, *image_shape)
    return np.random.default_rng(seed).integers(0, 256, shape).astype("float32")


@pytest.mark.parametrize("name", PUBLISHED)
def test_counts_equal_the_published_ones(name):
    options = {"pools": 3} if name.startswith("vgg") else {}
    model = net(name, **options)
    assert (cost.parameters(model), cost.multiply_adds(model)) == PUBLISHED[name]


def test_every_architecture_has_a_published_count():
    elsewhere = {"resnet164", "shufflenet", "shufflenet_tiny"}
    assert set(models.NAMES) == set(PUBLISHED) | elsewhere


@pytest.mark.parametrize(("name", "millions"), [("vgg8", 67.9), ("vgg13", 228), ("vgg16", 313)])
def test_vgg_pooled_four_times_costs_what_the_reference_says(name, millions):
    assert cost.multiply_adds(net(name)) / 1e6 == pytest.approx(millions, rel=0.02)


def test_resnet164_has_the_published_counts():
    """1,703,258 parameters at 10 classes; 244 M multiply-adds in the public recipe's count."""
    model = net("resnet164", classes=10)
    assert cost.parameters(model) == 1_703_258
    assert cost.multiply_adds(model) / 1e6 == pytest.approx(244, rel=0.02)


@pytest.mark.parametrize(("groups", "millions"), [(1, 143), (2, 140), (3, 137), (4, 133), (8, 137)])
def test_shufflenet_costs_what_table_1_of_its_paper_says(groups, millions):
    model = net("shufflenet", (224, 224, 3), 1000, groups=groups)
    assert cost.multiply_adds(model) / 1e6 == pytest.approx(millions, rel=0.02)


@pytest.mark.parametrize(("width", "millions"), [(0.5, 38), (1.5, 292), (2.0, 524)])
def test_shufflenet_at_other_widths_costs_what_its_authors_published(width, millions):
    model = net("shufflenet", (224, 224, 3), 1000, width=width)
    assert cost.multiply_adds(model) / 1e6 == pytest.approx(millions, rel=0.03)


def test_shufflenet_tiny_has_the_published_counts():
    """0.923 M parameters and 35.9 M multiply-adds at 56x56, 200 classes."""
    model = net("shufflenet_tiny", (56, 56, 3), 200)
    assert cost.parameters(model) == 923_264
    assert cost.multiply_adds(model) / 1e6 == pytest.approx(35.9, abs=0.05)


@pytest.mark.parametrize("image_shape", [(28, 28, 1), (64, 64, 3)], ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_takes_the_data_sets_images_and_gives_float32_logits(name, image_shape):
    logits = models.build(name, image_shape, 7, **SHALLOW.get(name, {}))(images(image_shape, 2))
    assert logits.shape == (2, 7)
    assert keras.backend.standardize_dtype(logits.dtype) == "float32"
    assert np.isfinite(np.asarray(logits)).all()


@pytest.mark.parametrize("name", ["mlp", "cnn", "vgg8", "resnet8", "shuffle_v1"])
def test_channels_first_in_the_settings_changes_no_network(name):
    """The setting itself stays, for networks of the user's own."""
    expected = net(name)(images())
    keras.config.set_image_data_format("channels_first")
    try:
        model = models.build(name, CIFAR, 100)
        logits = model(images())
        assert keras.config.image_data_format() == "channels_first"
    finally:
        keras.config.set_image_data_format("channels_last")
    assert cost.parameters(model) == PUBLISHED[name][0] or name == "vgg8"  # pools=3 there
    np.testing.assert_array_equal(logits, expected)


@pytest.mark.parametrize("name", NAMES)
def test_bfloat16_build_has_the_same_weights_and_nearly_the_same_logits(name):
    """The weights depend on the seed alone, not on earlier networks or on the policy."""
    options = SHALLOW.get(name, {})
    expected = net(name, **options)
    with dtype_policy("mixed_bfloat16"):
        model = models.build(name, CIFAR, 100, **options)
    for one, other in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    kinds = {layer.compute_dtype for layer in model.layers}
    assert kinds == {"float32"} or "bfloat16" in kinds
    logits = model(images())
    assert keras.backend.standardize_dtype(logits.dtype) == "float32"
    correlation = np.corrcoef(np.ravel(logits), np.ravel(expected(images())))[0, 1]
    assert correlation > 0.98


@pytest.mark.parametrize("name", NAMES)
def test_one_training_step_lowers_the_loss(name):
    options = {"dropout": 0.0} if name == "shufflenet_tiny" else SHALLOW.get(name, {})
    model = models.build(name, CIFAR, 10, seed=1, **options)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(STEP), loss, run_eagerly=True)
    batch = images(), np.arange(4)
    before, after = (float(model.train_on_batch(*batch)) for _ in range(2))
    assert after < before


@pytest.mark.parametrize("name", NAMES)
def test_saves_and_loads(name, tmp_path):
    model = net(name, **SHALLOW.get(name, {}))
    model.save(tmp_path / "net.keras")
    loaded = keras.saving.load_model(tmp_path / "net.keras")
    np.testing.assert_array_equal(loaded(images()), model(images()))


@pytest.mark.slow
def test_saved_models_load_without_this_repository(tmp_path):
    """All layers and operations belong to Keras."""
    expected = {}
    for name in ("cnn_ensemble", "shufflenet", "shuffle_v2"):
        options = {"mean": "probabilities"} if name == "cnn_ensemble" else {}
        model = net(name, **options)
        model.save(tmp_path / f"{name}.keras")
        expected[name] = np.asarray(model(images()))
    np.savez(tmp_path / "logits.npz", images=images(), **expected)
    subprocess.run([sys.executable, "-c", LOAD], check=True, cwd=tmp_path, capture_output=True)


LOAD = """
import sys, keras, numpy as np
saved = dict(np.load("logits.npz"))
images = saved.pop("images")
for name, logits in saved.items():
    model = keras.saving.load_model(f"{name}.keras")
    np.testing.assert_allclose(model(images), logits, atol=1e-5 * np.abs(logits).max())
assert "common" not in sys.modules
"""


def test_another_seed_gives_other_weights():
    first, second = net("cnn"), net("cnn", seed=1)
    assert not np.array_equal(first.layers[2].kernel, second.layers[2].kernel)


@pytest.mark.parametrize(
    ("name", "fan", "last"),
    [("vgg8", "in", "logits"), ("resnet20", "out", "logits"), ("shuffle_v2", "in", "logits")],
)
def test_initial_kernels_have_the_stated_deviation(name, fan, last):
    for layer in net(name).layers:
        if not hasattr(layer, "kernel") or np.prod(layer.kernel.shape) < 5000:
            continue
        *area, inputs, outputs = layer.kernel.shape
        count = np.prod(area) * (inputs if fan == "in" or layer.name == last else outputs)
        variance = (1 if layer.name == last else 2) / count
        assert np.std(layer.kernel) == pytest.approx(np.sqrt(variance), rel=0.05)


@pytest.mark.parametrize("name", ["mobilenet_v2", "shuffle_v2"])
def test_initial_depthwise_kernels_have_the_deviation_of_their_area(name):
    kernels = [la.kernel for la in net(name).layers if isinstance(la, layers.DepthwiseConv2D)]
    values = np.concatenate([np.ravel(kernel) for kernel in kernels])
    assert np.std(values) == pytest.approx(np.sqrt(2 / 9), rel=0.05)


def test_dropout_of_inputs_and_hidden_units():
    """Hinton et al. 2012: 20 % of the inputs, 50 % of the hidden units; each with another mask."""
    model = models.build("mlp", (28, 28, 1), 10, width=784, dropout=0.5)
    dropouts = [layer for layer in model.layers if isinstance(layer, layers.Dropout)]
    active = [np.asarray(layer(np.ones((50, 784)), training=True)) > 0 for layer in dropouts]
    assert [each.mean() for each in active] == pytest.approx([0.8, 0.5, 0.5], abs=0.02)
    assert np.mean(active[1] == active[2]) == pytest.approx(0.5, abs=0.02)


def test_vgg_pads_small_images_with_the_mean_pixel_on_all_sides():
    options = {"pixel_statistics": ((33.0,), (78.0,))}
    small, large = (models.build("vgg8", (side, side, 1), 10, **options) for side in (28, 32))
    inner = images((28, 28, 1))
    framed = np.pad(inner, ((0, 0), (2, 2), (2, 2), (0, 0)), constant_values=33)
    np.testing.assert_allclose(small(inner), large(framed), atol=1e-4)


class TestEnsemble:
    def members(self, classes=5):
        builds = [models.build("cnn", (28, 28, 1), classes, seed=(4, index)) for index in range(3)]
        return np.stack([np.asarray(model(images((28, 28, 1)))) for model in builds])

    def ensemble(self, **options):
        model = models.build("cnn_ensemble", (28, 28, 1), 5, seed=4, **options)
        return np.asarray(model(images((28, 28, 1))))

    def softmax(self, logits, temperature=1.0):
        powers = np.exp(logits.astype("float64") / temperature)
        return powers / powers.sum(axis=-1, keepdims=True)

    def test_mean_of_logits(self):
        np.testing.assert_allclose(self.ensemble(), self.members().mean(axis=0), atol=1e-5)

    @pytest.mark.parametrize("temperature", [1.0, 4.0])
    def test_arithmetic_mean_of_probabilities_at_its_temperature(self, temperature):
        logits = self.ensemble(mean="probabilities", temperature=temperature)
        expected = self.softmax(self.members(), temperature).mean(axis=0)
        np.testing.assert_allclose(self.softmax(logits, temperature), expected, atol=1e-6)

    def test_arithmetic_mean_at_another_temperature_is_a_power_of_it(self):
        logits = self.ensemble(mean="probabilities")
        power = self.softmax(self.members()).mean(axis=0) ** 0.25
        power /= power.sum(axis=-1, keepdims=True)
        np.testing.assert_allclose(self.softmax(logits, 4), power, atol=1e-6)
        assert np.abs(power - self.softmax(self.members(), 4).mean(axis=0)).max() > 1e-3

    def test_means_differ(self):
        assert np.abs(self.ensemble() - self.ensemble(mean="probabilities")).max() > 1e-2

    def test_members_are_counted(self):
        model = models.build("cnn_ensemble", (28, 28, 1), 5, members=2)
        single = models.build("cnn", (28, 28, 1), 5)
        assert cost.parameters(model) == 2 * cost.parameters(single)
        assert cost.multiply_adds(model) == 2 * cost.multiply_adds(single)


@pytest.mark.parametrize(
    ("name", "arguments", "options", "sentence"),
    [
        ("resnet21", (CIFAR, 10), {}, "unknown model 'resnet21': did you mean .*resnet20"),
        ("cnn", (CIFAR, 1), {}, "classes must be a whole number of at least 2, got 1"),
        ("cnn", ((7, 28, 1), 10), {}, "7x28 pixels are too small .* at least 8x8"),
        ("resnet20", ((3, 3, 3), 10), {}, "at least 4x4"),
        ("resnet164", (CIFAR, 10), {"units": 0.5}, "units must be a whole number above 0, got 0.5"),
        ("mobilenet_v2", ((8, 8, 3), 10), {}, "at least 16x16"),
        ("vgg16", ((15, 32, 3), 10), {}, "at least 16x16"),
        ("mlp", (CIFAR, 10), {"max_norm": -1.0}, "max_norm must be .* above 0, got -1.0"),
        ("mlp", ((28, 28), 10), {}, r"image_shape must be \(height, width, channels\)"),
        ("cnn", (CIFAR, 10), {"groups": 2}, "unknown option of cnn 'groups': choose from width"),
        ("cnn", (CIFAR, 10), {"width": 0}, "width must be a finite number above 0, got 0"),
        ("mobilenet_v2", (CIFAR, 10), {"width": -1}, "width must be .* above 0, got -1"),
        ("shufflenet", (CIFAR, 10), {"width": 0}, "width must be .* above 0, got 0"),
        ("shufflenet", (CIFAR, 10), {"width": 0.01}, "too narrow: choose a larger width"),
        ("shufflenet", (CIFAR, 10), {"groups": 5}, "unknown number of groups 5: .* 1, 2, 3, 4, 8"),
        ("shufflenet", (CIFAR, 10), {"groups": 4, "width": 0.5}, "groups=4 do not divide 34"),
        ("shufflenet_tiny", (CIFAR, 10), {"groups": 0}, "groups must be .* at least 1, got 0"),
        ("shufflenet_tiny", (CIFAR, 10), {"dropout": 2}, "dropout must lie between 0 and 1"),
        ("cnn_ensemble", (CIFAR, 10), {"members": 0}, "members must be .* at least 1, got 0"),
        ("cnn_ensemble", (CIFAR, 10), {"mean": "geometric"}, "unknown mean 'geometric'"),
        ("cnn_ensemble", (CIFAR, 10), {"temperature": 0}, "temperature must be .* above 0, got 0"),
        ("vgg8", (CIFAR, 10), {"pools": 5}, "unknown number of pools 5: choose from 3, 4"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(name, arguments, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        models.build(name, *arguments, **options)


@pytest.mark.parametrize(
    ("name", "options"), [("mlp", {"width": 8, "dropout": 0.5}), ("cnn_ensemble", {"members": 2})]
)
def test_numbers_may_be_numpys(name, options):
    shape, classes = np.array(CIFAR), np.int64(10)
    numpy_options = {key: np.asarray(value)[()] for key, value in options.items()}
    model = models.build(name, shape, classes, seed=np.int64(3), **numpy_options)
    expected = models.build(name, CIFAR, 10, seed=3, **options)
    for one, other in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_width_gives_proportional_channels():
    channels = [
        layer.filters for layer in net("cnn", width=0.5).layers if isinstance(layer, layers.Conv2D)
    ]
    assert channels == [16, 32, 64]


def test_shuffle_is_undone_by_shuffling_in_the_other_number_of_groups():
    x = ops.reshape(ops.arange(12.0), (1, 1, 1, 12))
    again = channel_shuffle(channel_shuffle(x, 3), 4)
    np.testing.assert_array_equal(again, x)


def test_table(capsys):
    command.main(["resnet20", "mobilenet_v2", "--image-shape", "32", "32", "3"])
    header, _, first, second = capsys.readouterr().out.splitlines()
    assert "32x32x3, 100 classes" in header
    assert first.split()[:5] == ["resnet20", "278,324", "40.8", "M", "1.12"]
    assert "arXiv:1512.03385" in first
    assert second.split()[:4] == ["mobilenet_v2", "812,836", "6.5", "M"]


def test_table_refuses_unknown_names(capsys):
    with pytest.raises(SystemExit):
        command.main(["resnet21"])
    assert "unknown model 'resnet21'" in capsys.readouterr().err


def test_help_does_not_import_keras():
    code = (
        "import sys; from common.models.__main__ import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: assert 'keras' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
