"""VGG with batch normalization for small images.

Simonyan & Zisserman 2015, arXiv:1409.1556, table 1, as the field trains it on CIFAR-100:
batch normalization after each convolution, one dense layer after global average pooling.
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


def vgg(name, image_shape, classes, *, seed=0, pools=4):
    """Five stages of 64, 128, 256, 512 and 512 channels, max-pooling between them; logits.

    Images smaller than 32 pixels are padded with zeros (the mean pixel) to 32, so that
    28x28 images keep 2x2 pixels in the last stage. Kernels start from N(0, 2 / fan_in).

    Args:
        name: a key of `DEPTHS`.
        pools: how many of the five stages end with max-pooling: 4, or 3 as RepDistiller
            (Tian et al. 2020, arXiv:1910.10699) has it on 32x32 images, whose last stage
            then sees 4x4 pixels and costs four times as much.
        seed: fixes the initial weights, whatever was built before.

    Returns:
        keras.Model, images (batch, *image_shape) in [0, 255] -> logits (batch, classes), float32.

    Raises:
        ValueError: images smaller than 16x16 pixels, pools neither 3 nor 4.
    """
    require_choice("number of pools", pools, (3, 4))
    inputs, x = standardized(image_shape, least=16)
    short = [max(0, 32 - side) for side in image_shape[:2]]
    if any(short):
        x = layers.ZeroPadding2D([(gap // 2, gap - gap // 2) for gap in short])(x)
    for stage, (depth, channels) in enumerate(
        zip(DEPTHS[name], (64, 128, 256, 512, 512), strict=True)
    ):
        x = layers.MaxPooling2D()(x) if 0 < stage <= pools else x
        for _ in range(depth):
            x = blocks.normalized_relu(blocks.convolution(channels, use_bias=True)(x))
    outputs = blocks.pooled_logits(x, classes)
    return he_normal(keras.Model(inputs, outputs, name=name), seed)
