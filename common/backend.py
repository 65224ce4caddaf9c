"""Keras, imported quietly and made deterministic: `from common.backend import keras, layers, ops`.

TensorFlow on a CPU adds up gradients in whatever order its threads finish, so that the same run
gives other last bits each time; its deterministic ops cost no measurable time there. On a
GPU they would turn XLA off and stay off. Deterministic TensorFlow wants a seed for random
ops of its own, which nothing here uses.
"""

from common import quiet

with quiet.imports():
    import keras
    from keras import layers, ops

    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        if not tf.config.list_physical_devices("GPU"):
            tf.random.set_seed(0)
            tf.config.experimental.enable_op_determinism()

__all__ = ["keras", "layers", "ops"]
