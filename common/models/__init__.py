"""Every teacher and student by name; one module a family, each readable beside its paper."""

import functools

from common.checks import require_known, require_positive
from common.models import vgg as _vgg
from common.models.cnn import cnn
from common.models.mlp import mlp
from common.models.preactivation import resnet164

_BUILDERS = {
    "mlp": mlp,
    "cnn": cnn,
    "resnet164": resnet164,
    **{name: functools.partial(_vgg.vgg, name) for name in _vgg.DEPTHS},
}
NAMES = tuple(_BUILDERS)


def build(name, image_shape, classes, *, seed=0, **options):
    """Build a net by name.

    Args:
        name: one of `NAMES`.
        image_shape: (height, width, channels).
        classes: number of logits, at least 2.
        seed: fixes the initial weights (and any dropout), whatever was built before.
        options: the builder's own, such as `width`.

    Returns:
        keras.Model, images (batch, *image_shape) in [0, 255] -> logits (batch, classes), float32.

    Raises:
        ValueError: unknown name (near ones listed), classes < 2, or an unfit option.
    """
    require_known("model", name, NAMES)
    require_positive("classes less one", classes - 1, whole=True)
    return _BUILDERS[name](tuple(image_shape), classes, seed=seed, **options)
