"""Reduced ShuffleNet ×0.75, which reached 49.4 % on Tiny ImageNet in a public repository.

TropComplique, ShuffleNet-tensorflow. Differences from Zhang et al. 2018, arXiv:1707.01083: no
bottleneck inside the units, half of the units, stride 1 and BN-ReLU in the stem, an ungrouped
and unshuffled first unit, dropout.
"""

from common.backend import keras, layers
from common.models import blocks
from common.models.initial_weights import he_normal
from common.models.pixels import standardized
from common.models.shufflenet import CHANNELS, halved_by_maximum, stages
from common.utils.checks import require_at_least, require_choice, require_fraction, require_positive

UNITS = (2, 4, 2)


def shufflenet_tiny(
    image_shape, classes, *, seed=0, pixel_statistics=None, groups=3, width=0.75, dropout=0.5
):
    """A 3x3 convolution of 24 channels, max-pooling, three stages of 180, 360, 720; logits.

    Pooling and stages each halve height and width; images have at least 16x16 pixels.
    Normalizations shift but do not scale. Kernels start from N(0, 2 / fan_in).

    Args:
        groups: of the 1x1 convolutions, a key of `shufflenet.CHANNELS`.
        width: multiplies the stages' channels, rounded down; not the stem's 24.
        dropout: fraction of the pooled features dropped in training.
        seed: seed of the initial weights and the dropout, independent of other networks.
        pixel_statistics: for input normalization, as in `pixels.statistics`.

    Returns:
        keras.Model, images (batch, *image_shape) in [0, 255] -> logits (batch, classes), float32.

    Raises:
        ValueError: groups is not in the paper's table or does not divide the channels, width is
            too small for the first stage, dropout is outside [0, 1], images are smaller than
            16x16 pixels.
    """
    require_at_least("groups", groups, 1)
    require_choice("number of groups", groups, CHANNELS)
    require_positive("width", width)
    require_fraction("dropout", dropout)
    inputs, x = standardized(image_shape, pixel_statistics, min_side=16)
    x = blocks.normalized_relu(blocks.convolution(24, use_bias=True)(x), scale=False)
    first = int(CHANNELS[groups] * width)
    x = halved_by_maximum(x)
    x = stages(x, UNITS, first, groups, lambda channels, added: added, scale=False)
    x = layers.Dropout(dropout, seed=seed)(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(inputs, blocks.logits(x, classes), name="shufflenet_tiny")
    return he_normal(model, seed)
