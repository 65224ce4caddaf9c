"""Three-layer ConvNet: a student, a teacher, and the member of `ensemble.cnn_ensemble`."""

from common.backend import keras, layers
from common.models import blocks
from common.models.initial_weights import he_normal
from common.models.pixels import standardized
from common.utils.checks import require_positive


def cnn(image_shape, classes, *, seed=0, pixel_statistics=None, width=1.0, name="cnn"):
    """Three 3x3 convolutions of 32, 64 and 128 channels, and logits.

    Each convolution is followed by batch normalization, ReLU and max-pooling that halves height
    and width. Takes images of at least 8x8 pixels as they are. Kernels start from N(0, 2 / fan_in).

    Args:
        width: multiplies the three channel counts; each is at least 1.
        seed: seed of the initial weights, an integer or a tuple, independent of other networks.
        pixel_statistics: for input normalization, as in `pixels.statistics`.
        name: name of the model.

    Returns:
        keras.Model, images (batch, *image_shape) in [0, 255] -> logits (batch, classes), float32.

    Raises:
        ValueError: width not above 0, images smaller than 8x8 pixels.
    """
    require_positive("width", width)
    inputs, x = standardized(image_shape, pixel_statistics, min_side=8)
    for channels in (32, 64, 128):
        x = blocks.convolution(max(1, round(width * channels)))(x)
        x = layers.MaxPooling2D()(blocks.normalized_relu(x))
    outputs = blocks.logits(layers.Flatten()(x), classes)
    return he_normal(keras.Model(inputs, outputs, name=name), seed)
