"""VGG with batch normalization for small images.

Simonyan & Zisserman 2015, arXiv:1409.1556, table 1, with the usual changes for CIFAR-100: batch
normalization after each convolution, one dense layer after global average pooling.
"""

from common.backend import keras, layers
from common.models import blocks
from common.models.initial_weights import he_normal
from common.models.pixels import standardized
from common.utils.checks import require_choice

DEPTHS = {  # convolutions in each of the five stages
    "vgg8": (1, 1, 1, 1, 1),
    "vgg11": (1, 1, 2, 2, 2),
    "vgg13": (2, 2, 2, 2, 2),
    "vgg16": (2, 2, 3, 3, 3),
    "vgg19": (2, 2, 4, 4, 4),
}
CHANNELS = (64, 128, 256, 512, 512)


def vgg(name, image_shape, classes, *, seed=0, pixel_statistics=None, pools=4):
    """Five stages of 64, 128, 256, 512 and 512 channels, max-pooling between them; logits.

    Images smaller than 32 pixels are padded with zeros (the mean pixel) to 32, so that
    28x28 images keep 2x2 pixels in the last stage. Kernels start from N(0, 2 / fan_in).

    Args:
        name: a key of `DEPTHS`.
        pools: number of stages that end with max-pooling: 4, or 3 as in RepDistiller (Tian et
            al. 2020, arXiv:1910.10699), where 32x32 images have 4x4 pixels in the last stage,
            which then costs four times as much.
        seed: seed of the initial weights, independent of other networks.
        pixel_statistics: for input normalization, as in `pixels.statistics`.

    Returns:
        keras.Model, images (batch, *image_shape) in [0, 255] -> logits (batch, classes), float32.

    Raises:
        ValueError: images smaller than 16x16 pixels, pools neither 3 nor 4.
    """
    require_choice("number of pools", pools, (3, 4))
    inputs, x = standardized(image_shape, pixel_statistics, min_side=16)
    gaps = [max(0, 32 - side) for side in image_shape[:2]]
    if any(gaps):
        x = layers.ZeroPadding2D([(gap // 2, gap - gap // 2) for gap in gaps])(x)
    for stage, (depth, channels) in enumerate(zip(DEPTHS[name], CHANNELS, strict=True)):
        x = layers.MaxPooling2D()(x) if 0 < stage <= pools else x
        for _ in range(depth):
            x = blocks.normalized_relu(blocks.convolution(channels, use_bias=True)(x))
    outputs = blocks.pooled_logits(x, classes)
    return he_normal(keras.Model(inputs, outputs, name=name), seed)
