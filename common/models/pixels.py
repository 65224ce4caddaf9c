"""Pixels in, as published: every model scales its own, so a saved one needs nothing outside."""

from common.backend import keras

# mean and standard deviation of the training pixels, a channel, on the scale 0-255
STATISTICS = {
    (28, 28, 1): ((33.32,), (78.57,)),  # MNIST
    (32, 32, 3): ((129.3, 124.1, 112.4), (68.2, 65.4, 70.4)),  # CIFAR-100
    (64, 64, 3): ((122.5, 114.3, 101.4), (70.5, 68.6, 71.8)),  # Tiny ImageNet
}


def standardized(image_shape):
    """Return (inputs, outputs): images in [0, 255] to zero mean and unit variance.

    The statistics are those of the data set with this image shape; any other shape gets
    mean 127.5 and deviation 70 in each channel.
    """
    channels = image_shape[-1]
    mean, deviation = STATISTICS.get(tuple(image_shape), ((127.5,) * channels, (70.0,) * channels))
    inputs = keras.Input(image_shape, name="pixels")
    variance = [value**2 for value in deviation]
    scaled = keras.layers.Normalization(mean=list(mean), variance=variance, dtype="float32")
    return inputs, scaled(inputs)
