"""Checkpoints of PyTorch in our networks: the same logits, and refusals."""

import importlib.util

import numpy as np
import pytest

from common import models
from common.models import NAMES, build, torch_names

CLASSES, SHAPE = 10, (32, 32, 3)
STATISTICS = ([120.0, 110.0, 100.0], [60.0, 70.0, 80.0])
PUBLISHED = [name for name in NAMES if torch_names.modules(name)]


def ours(name, classes=CLASSES):
    options = {"pools": 3} if name.startswith("vgg") else {}
    return build(name, SHAPE, classes, pixel_statistics=STATISTICS, **options)


def random_net(name, classes=CLASSES):
    """A network whose statistics of batch normalization are random too."""
    import torch

    from tests.models import torch_definitions

    torch.manual_seed(0)
    net = torch_definitions.build(name, classes).eval()
    for key, values in net.state_dict().items():
        if "running" in key or (values.ndim == 1 and values.is_floating_point()):
            values.uniform_(0.5, 1.5)
    return net


def test_every_cifar_network_has_a_published_definition():
    """Those whose parameters are counted as published, of RepDistiller's families."""
    others = {"mlp", "cnn", "cnn_ensemble", "resnet164", "shufflenet", "shufflenet_tiny"}
    assert set(PUBLISHED) == set(NAMES) - others


@pytest.mark.parametrize("name", PUBLISHED)
def test_logits_are_those_of_pytorch(name, tmp_path):
    torch = pytest.importorskip("torch")
    net = random_net(name)
    wrapped = {"model": {f"module.{k}": v for k, v in net.state_dict().items()}, "epoch": 240}
    torch.save(wrapped if name == "vgg8" else net.state_dict(), tmp_path / "net.pth")
    images = np.random.default_rng(0).integers(0, 256, (4, *SHAPE)).astype("uint8")
    model = models.load_torch(ours(name), tmp_path / "net.pth")
    mean, deviation = (np.array(values, "float32") for values in STATISTICS)
    inputs = torch.tensor(((images - mean) / deviation).transpose(0, 3, 1, 2))
    with torch.inference_mode():
        expected = net(inputs).numpy()
    logits = np.asarray(model(images))
    assert np.ptp(expected) > 0.01
    np.testing.assert_allclose(logits, expected, atol=1e-4 * np.abs(expected).max())


def test_other_checkpoints_are_refused(tmp_path):
    torch = pytest.importorskip("torch")
    path = tmp_path / "net.pth"
    model = ours("resnet8")
    before = [np.array(weight) for weight in model.weights]
    torch.save(random_net("resnet14").state_dict(), path)
    with pytest.raises(ValueError, match=r"no checkpoint of resnet8 .*it has layer1.1.bn1.bias"):
        models.load_torch(model, path)
    torch.save(random_net("resnet8", classes=7).state_dict(), path)
    with pytest.raises(ValueError, match=r"weights \[\(64, 7\), \(7,\)\] for the layer 'logits'"):
        models.load_torch(model, path)
    torch.save(random_net("resnet8"), path)  # a pickled module
    with pytest.raises(ValueError, match="cannot be read: Weights only load failed"):
        models.load_torch(model, path)
    torch.save([1, 2], path)
    with pytest.raises(ValueError, match="holds no state_dict"):
        models.load_torch(model, path)
    with pytest.raises(ValueError, match=r"cannot be read: .*No such file"):
        models.load_torch(model, tmp_path / "none.pth")
    assert all(np.array_equal(*pair) for pair in zip(before, model.weights, strict=True))


def test_networks_without_a_checkpoint_are_refused(tmp_path):
    with pytest.raises(ValueError, match="'mlp' has no published PyTorch definition"):
        models.load_torch(build("mlp", SHAPE, CLASSES, width=4), tmp_path / "net.pth")
    with pytest.raises(ValueError, match="build it with pools=3"):
        models.load_torch(build("vgg8", SHAPE, CLASSES), tmp_path / "net.pth")


@pytest.mark.skipif(importlib.util.find_spec("torch"), reason="PyTorch is installed")
def test_pytorch_is_named_where_it_is_missing(tmp_path):
    with pytest.raises(ModuleNotFoundError, match=r"pip install -e '\.\[extra\]'"):
        models.load_torch(ours("resnet8"), tmp_path / "net.pth")
