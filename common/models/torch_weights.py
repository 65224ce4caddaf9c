"""Checkpoints of PyTorch: a state_dict of RepDistiller's or mdistiller's in our networks."""

import collections
import pickle
import re

import numpy as np

from common.utils.messages import first_line

_WRAPPED = ("model", "state_dict", "net")  # keys under which checkpoints hold the state_dict
_KINDS = {"Conv2D": "c", "DepthwiseConv2D": "d", "BatchNormalization": "n", "Dense": "l"}
_KEYS = dict.fromkeys("cdl", ("weight", "bias"))
_KEYS |= {"n": ("weight", "bias", "running_mean", "running_var")}  # in the order of Keras's
_AXES = {"c": (2, 3, 1, 0), "d": (2, 3, 0, 1), "l": (1, 0)}  # PyTorch's axes in Keras's order


def load_torch(model, path):
    """Set a network's weights to those of a PyTorch checkpoint of the same definition.

    The definitions are those that RepDistiller (Tian et al. 2020, arXiv:1910.10699) and mdistiller
    (Zhao et al. 2022, arXiv:2203.08679) share, of every CIFAR network in `common.models`:
    resnet8 to resnet110, resnet8x4, resnet32x4, the Wide ResNets, vgg8 to vgg19, mobilenet_v2,
    shuffle_v1 and shuffle_v2. The file is read by `torch.load(weights_only=True)`, which runs no
    code of the file.

    Those checkpoints expect pixels that are normalized by their data set's mean and deviation:
    build the network with `pixel_statistics`, for CIFAR-100 those of `data.load("cifar100")`.

    Args:
        model: network of `models.build`; a VGG for images of 32x32 pixels with pools=3.
        path: of the checkpoint: a state_dict, or a dict that holds it as "model", "state_dict" or
            "net"; the prefix "module." of DataParallel is removed.

    Returns:
        The model.

    Raises:
        ModuleNotFoundError: PyTorch is not installed.
        ValueError: a file that is no such checkpoint; modules or shapes of another definition;
            a network without a published one. The model is then unchanged.
    """
    from common.models import torch_names  # imports Keras

    modules = torch_names.modules(model.name)
    if modules is None:
        raise ValueError(
            f"{model.name!r} has no published PyTorch definition: the CIFAR networks have, such as "
            "resnet56, wrn_40_2, vgg13, mobilenet_v2 and shuffle_v1"
        )
    layers = _layers(model, modules)
    state = _state_dict(path)
    _require_keys(state, modules, f"{path} is no checkpoint of {model.name}")
    assigned = []
    for kind, name in modules:
        arrays = [state[f"{name}.{key}"] for key in _KEYS[kind] if f"{name}.{key}" in state]
        group = _group(layers[kind], kind, len(arrays[0]))
        assigned += zip(group, _values(kind, arrays, len(group)), strict=True)
    _require_shapes(assigned, path)
    for layer, values in assigned:
        layer.set_weights(values)
    return model


def _layers(model, modules):
    """{kind: queue of the model's layers in the order of their creation}."""
    by_kind = collections.defaultdict(list)
    for layer in model.layers:
        if kind := _KINDS.get(type(layer).__name__):
            by_kind[kind].append(layer)
    counts = collections.Counter(kind for kind, _ in modules)
    if any(len(by_kind[kind]) != counts[kind] for kind in "dnl"):  # convolutions may be groups
        raise ValueError(
            f"{model.name!r} is not the network that models.build makes of that name: pass that one"
        )
    pools = [layer for layer in model.layers if type(layer).__name__ == "MaxPooling2D"]
    if model.name.startswith("vgg") and len(pools) == 4 and model.input_shape[1] != 64:
        raise ValueError(
            f"in the published definition, {model.name} halves images of "
            f"{model.input_shape[1]} pixels three times: build it with pools=3"
        )
    return {kind: collections.deque(sorted(each, key=_number)) for kind, each in by_kind.items()}


def _number(layer):
    """Position of a layer among those of its class, which Keras counts in their names."""
    match = re.search(r"_(\d+)$", layer.name)
    return int(match[1]) if match else 0


def _state_dict(path):
    """{key: float32 array} of a checkpoint, without counts of batches."""
    try:
        import torch
    except ModuleNotFoundError:
        raise ModuleNotFoundError("PyTorch is not installed: pip install -e '.[extra]'") from None
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, EOFError, RuntimeError, ValueError, KeyError, pickle.UnpicklingError) as error:
        reason = first_line(error)
        raise ValueError(f"the checkpoint {path} cannot be read: {reason}") from None
    for key in _WRAPPED:
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict) or not all(map(torch.is_tensor, content.values())):
        raise ValueError(
            f"{path} holds no state_dict: write it by torch.save(net.state_dict(), path)"
        )
    return {
        key.removeprefix("module."): value.float().numpy()
        for key, value in content.items()
        if not key.endswith("num_batches_tracked")
    }


def _require_keys(state, modules, what):
    """Raise ValueError unless the state has all modules' weights and no others."""
    needed = {f"{name}.{key}" for kind, name in modules for key in _KEYS[kind]}
    optional = {f"{name}.bias" for kind, name in modules if kind in "cd"}
    missing, unknown = sorted(needed - optional - set(state)), sorted(set(state) - needed)
    differences = (("it lacks", missing), ("it has", unknown))
    shown = [f"{verb} {keys[0]}" + ", ..." * (len(keys) > 1) for verb, keys in differences if keys]
    if shown:
        raise ValueError(f"{what} in the published definition: {'; '.join(shown)}")


def _group(queue, kind, outputs):
    """The next layers: one, or those that together are a grouped convolution of `outputs`."""
    group = [queue.popleft()]
    while kind == "c" and queue and sum(layer.filters for layer in group) < outputs:
        group.append(queue.popleft())
    return group


def _values(kind, arrays, groups):
    """Weights of each layer in Keras's order of axes; a grouped convolution is split."""
    if kind in _AXES and arrays[0].ndim == len(_AXES[kind]):
        parts = np.split(arrays[0], groups) if len(arrays[0]) % groups == 0 else [arrays[0]]
        return [[part.transpose(_AXES[kind]), *arrays[1:]] for part in parts]
    return [arrays] * groups


def _require_shapes(assigned, path):
    for layer, values in assigned:
        shapes = [tuple(value.shape) for value in values]
        expected = [tuple(weight.shape) for weight in layer.weights]
        if shapes != expected:
            raise ValueError(
                f"{path} has weights {shapes} for the layer {layer.name!r}, which has {expected}: "
                "build the network for the checkpoint's classes and images"
            )
