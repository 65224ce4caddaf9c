"""Order of image axes: every network of this repository takes (batch, h, w, channels)."""

import contextlib

from common.backend import keras


@contextlib.contextmanager
def channels_last():
    """Context in which new layers take (batch, h, w, channels), whatever the user's settings say.

    Keras reads `image_data_format` from its settings file, `~/.keras/keras.json`, when a layer is
    made. "channels_first" there would make convolutions and pooling take the height for the
    channels. The user's setting is back afterwards, so that the user's own networks keep it.
    """
    setting = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_last")
    try:
        yield
    finally:
        keras.config.set_image_data_format(setting)
