"""Registry of architectures: the builder and the source of each; imports no Keras."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Architecture:
    """An architecture: its builder, common.models.<module>.<function>, and its source.

    Args:
        module: module of `common.models`.
        function: the builder in that module.
        source: publication or repository.
        family: whether the function builds several networks and takes the name first.
    """

    module: str
    function: str
    source: str
    family: bool = False


def _family(module, function, source, names):
    return {name: Architecture(module, function, source, family=True) for name in names.split()}


ARCHITECTURES = {
    "mlp": Architecture("mlp", "mlp", "Hinton et al. 2015, arXiv:1503.02531, section 3"),
    "cnn": Architecture("cnn", "cnn", "this repository"),
    "cnn_ensemble": Architecture("ensemble", "cnn_ensemble", "this repository"),
    "resnet164": Architecture("resnet", "resnet164", "He et al. 2016, arXiv:1603.05027"),
    "shufflenet": Architecture("shufflenet", "shufflenet", "Zhang et al. 2018, arXiv:1707.01083"),
    "shufflenet_tiny": Architecture(
        "shufflenet_tiny", "shufflenet_tiny", "TropComplique, ShuffleNet-tensorflow"
    ),
    **_family(
        "vgg",
        "vgg",
        "Simonyan & Zisserman 2015, arXiv:1409.1556",
        "vgg8 vgg11 vgg13 vgg16 vgg19",
    ),
    **_family(
        "resnet",
        "resnet",
        "He et al. 2016, arXiv:1512.03385",
        "resnet8 resnet14 resnet20 resnet32 resnet44 resnet56 resnet110 resnet8x4 resnet32x4",
    ),
    **_family(
        "wide_resnet",
        "wide_resnet",
        "Zagoruyko & Komodakis 2016, arXiv:1605.07146",
        "wrn_16_1 wrn_16_2 wrn_40_1 wrn_40_2",
    ),
    "mobilenet_v2": Architecture(
        "mobilenet", "mobilenet_v2", "Sandler et al. 2018, arXiv:1801.04381"
    ),
    "shuffle_v1": Architecture(
        "shufflenet", "shuffle_v1", "Zhang et al. 2018, as in RepDistiller, arXiv:1910.10699"
    ),
    "shuffle_v2": Architecture("shufflenet_v2", "shuffle_v2", "Ma et al. 2018, arXiv:1807.11164"),
}
