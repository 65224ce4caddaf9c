"""Order of image axes: every network of this repository takes (batch, h, w, channels)."""

import contextlib

from common.backend import keras


@contextlib.contextmanager
def channels_last():
    """Context in which new layers take (batch, h, w, channels), whatever the user's settings say.

    Keras reads `image_data_format` from its settings file, `~/.keras/keras.json`, when a layer is
    created. With "channels_first", convolutions and pooling would treat the height as channels.
    The user's setting is restored afterwards, so that the user's own networks keep it.
    """
    setting = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_last")
    try:
        yield
    finally:
        keras.config.set_image_data_format(setting)
