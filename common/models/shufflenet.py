"""ShuffleNet; Zhang et al. 2018, arXiv:1707.01083, figure 2 and table 1, for small images too."""

from common.backend import keras, layers
from common.models import blocks
from common.models.blocks import channel_shuffle, group_convolution
from common.models.initial_weights import he_normal
from common.models.pixels import standardized
from common.utils.checks import require_at_least, require_choice, require_positive

CHANNELS = {1: 144, 2: 200, 3: 240, 4: 272, 8: 384}  # of the first stage, by groups
UNITS = (4, 8, 4)


def shufflenet(image_shape, classes, *, seed=0, pixel_statistics=None, groups=3, width=1.0):
    """A 3x3 convolution, then stages of 4, 8 and 4 units that double the channels; logits.

    Each stage halves height and width. The paper's stem halves 224 pixels twice, by its stride
    and by max-pooling. Here the stem does not halve images of up to 48 pixels a side, and only
    the pooling halves those of up to 112: the last stage has 4x4 pixels for images of 32x32 and
    of 64x64. Kernels start from N(0, 2 / fan_in).

    Args:
        groups: of the 1x1 convolutions, a key of `CHANNELS` (table 1).
        width: multiplies all channels, rounded; at 1 the stem has 24.
        seed: seed of the initial weights, independent of other networks.
        pixel_statistics: for input normalization, as in `pixels.statistics`.

    Returns:
        keras.Model, images (batch, *image_shape) in [0, 255] -> logits (batch, classes), float32.

    Raises:
        ValueError: groups is not in table 1 or does not divide the scaled channels, width is not
            above 0 or too small, images are smaller than 8x8 pixels.
    """
    require_at_least("groups", groups, 1)
    require_choice("number of groups", groups, CHANNELS)
    require_positive("width", width)
    inputs, x = standardized(image_shape, pixel_statistics, min_side=8)
    side = max(image_shape[:2])
    stem = max(1, round(24 * width))
    x = blocks.centered_convolution(x, stem, 3, strides=2 if side > 112 else 1)
    x = blocks.normalized_relu(x)
    x = halved_by_maximum(x) if side > 48 else x
    first = round(CHANNELS[groups] * width)
    x = stages(x, UNITS, first, groups, lambda channels, added: channels // 4)
    outputs = blocks.pooled_logits(x, classes)
    return he_normal(keras.Model(inputs, outputs, name="shufflenet"), seed)


def shuffle_v1(image_shape, classes, *, seed=0, pixel_statistics=None):
    """The ShuffleNet that RepDistiller (Tian et al. 2020, arXiv:1910.10699) defines; logits.

    Three groups and full width. It differs from the paper: a 1x1 stem that never halves,
    ReLU after the depthwise convolutions, bottlenecks of a quarter of the channels that the
    convolutions add (see `unit`). Kernels start from N(0, 2 / fan_in).

    Args:
        seed: seed of the initial weights, independent of other networks.
        pixel_statistics: for input normalization, as in `pixels.statistics`.

    Returns:
        keras.Model, images (batch, *image_shape) in [0, 255] -> logits (batch, classes), float32.

    Raises:
        ValueError: images smaller than 8x8 pixels.
    """
    inputs, x = standardized(image_shape, pixel_statistics, min_side=8)
    x = blocks.normalized_relu(blocks.convolution(24, 1)(x))
    x = stages(x, UNITS, CHANNELS[3], 3, lambda channels, added: added // 4, active=True)
    outputs = blocks.pooled_logits(x, classes)
    return he_normal(keras.Model(inputs, outputs, name="shuffle_v1"), seed)


def halved_by_maximum(x):
    """3x3 max-pooling at stride 2 of a ReLU's output, which zero padding cannot exceed."""
    x, padding = blocks.centered(x, 3, 2)
    return layers.MaxPooling2D(3, 2, padding)(x)


def stages(x, units, channels, groups, bottleneck, **options):
    """units[i] units in stage i, the first of each at stride 2; the channels double.

    The first 1x1 convolution, of the stem's few channels, is not grouped (section 3.2).
    """
    for stage, count in enumerate(units):
        for index in range(count):
            first = groups if stage or index else 1
            strides = 1 if index else 2
            x = unit(x, channels * 2**stage, strides, (first, groups), bottleneck, **options)
    return x


def unit(x, channels, strides, groups, bottleneck, *, active=False, scale=True):
    """Grouped 1x1, shuffle, 3x3 depthwise, grouped 1x1; joined with the input, then ReLU.

    At stride 1 the input is added; at stride 2 its 3x3 average is appended, so that the
    convolutions add only the remaining channels.

    Args:
        channels: of the output.
        groups: of the first and of the second 1x1 convolution.
        bottleneck: function (channels, channels that the convolutions add) -> channels of the
            depthwise convolution.
        active: whether ReLU follows the depthwise convolution.
        scale: whether the normalizations scale.

    Raises:
        ValueError: too few channels, so that the convolutions would add none.
    """
    added = channels - (x.shape[-1] if strides > 1 else 0)
    inner = bottleneck(channels, added)
    if min(added, inner) < 1:
        raise ValueError(f"a unit of {channels} channels is too narrow: choose a larger width")
    y = blocks.normalized_relu(group_convolution(x, inner, groups[0]), scale=scale)
    y = channel_shuffle(y, groups[0]) if groups[0] > 1 else y
    y = blocks.normalization(scale=scale)(blocks.depthwise(y, strides))
    y = layers.ReLU()(y) if active else y
    y = blocks.normalization(scale=scale)(group_convolution(y, added, groups[1]))
    return layers.ReLU()(_joined(x, y, strides))


def _joined(x, y, strides):
    if strides == 1:
        return layers.Add()([x, y])
    x, padding = blocks.centered(x, 3, strides)
    return layers.Concatenate()([y, layers.AveragePooling2D(3, strides, padding)(x)])
