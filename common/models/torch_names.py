"""Names of the modules in RepDistiller's and mdistiller's definitions of the CIFAR networks.

Each function lists the modules of one family in the order in which our builder creates the layers
of the same kind: "c" a convolution, "d" a depthwise one, "n" a batch normalization, "l" the dense
layer.
"""

from common.models.mobilenet import STAGES as MOBILE_STAGES
from common.models.resnet import WIDTHS
from common.models.shufflenet import UNITS
from common.models.shufflenet_v2 import STAGES as SHUFFLE_STAGES
from common.models.vgg import DEPTHS
from common.models.wide_resnet import SIZES


def modules(name):
    """[(kind, name of the module)] of a network; None if it has no published definition.

    Args:
        name: a name in `common.models.NAMES`.
    """
    families = {"mobilenet_v2": _mobilenet_v2, "shuffle_v1": _shuffle_v1, "shuffle_v2": _shuffle_v2}
    for names, family in ((WIDTHS, _resnet), (SIZES, _wide_resnet), (DEPTHS, _vgg)):
        families |= dict.fromkeys(names, family)
    return list(families[name](name)) if name in families else None


def _resnet(name):
    widths, depth = WIDTHS[name], int(name.removeprefix("resnet").split("x")[0])
    yield from _numbered("", 1)
    for stage in (1, 2, 3):
        for block in range((depth - 2) // 6):
            prefix = f"layer{stage}.{block}."
            yield from _numbered(prefix, 2)
            if not block and (stage > 1 or widths[0] != widths[1]):
                yield from (("c", f"{prefix}downsample.0"), ("n", f"{prefix}downsample.1"))
    yield "l", "fc"


def _wide_resnet(name):
    depth, width = SIZES[name]
    yield "c", "conv1"
    for stage in (1, 2, 3):
        for block in range((depth - 4) // 6):
            prefix = f"block{stage}.layer.{block}."
            yield "n", f"{prefix}bn1"
            if not block and (stage > 1 or width > 1):
                yield "c", f"{prefix}convShortcut"
            yield from (("c", f"{prefix}conv1"), ("n", f"{prefix}bn2"), ("c", f"{prefix}conv2"))
    yield from (("n", "bn1"), ("l", "fc"))


def _vgg(name):
    for stage, depth in enumerate(DEPTHS[name]):
        for index in range(depth):
            yield "c", f"block{stage}.{3 * index}"
            yield "n", f"block{stage}.{3 * index + 1}"
    yield "l", "classifier"


def _mobilenet_v2(name):
    yield from (("c", "conv1.0"), ("n", "conv1.1"))
    for stage, (_, _, units, _) in enumerate(MOBILE_STAGES):
        for unit in range(units):
            for index, kind in ((0, "c"), (3, "d"), (6, "c")):
                prefix = f"blocks.{stage}.{unit}.conv."
                yield from ((kind, f"{prefix}{index}"), ("n", f"{prefix}{index + 1}"))
    yield from (("c", "conv2.0"), ("n", "conv2.1"), ("l", "classifier.0"))


def _shuffle_v1(name):
    yield from _numbered("", 1)
    for stage, units in enumerate(UNITS, 1):
        for unit in range(units):
            yield from _numbered(f"layer{stage}.{unit}.", "cdc")
    yield "l", "linear"


def _shuffle_v2(name):
    yield from _numbered("", 1)
    for stage, (_, units) in enumerate(SHUFFLE_STAGES, 1):
        for unit in range(units):
            yield from _numbered(f"layer{stage}.{unit}.", "cdc" if unit else "dccdc")
    yield from (("c", "conv2"), ("n", "bn2"), ("l", "linear"))


def _numbered(prefix, kinds):
    """conv1 and bn1, conv2 and bn2 ...; of `kinds`, or a number of convolutions."""
    for number, kind in enumerate("c" * kinds if isinstance(kinds, int) else kinds, 1):
        yield from ((kind, f"{prefix}conv{number}"), ("n", f"{prefix}bn{number}"))
