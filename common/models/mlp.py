"""Multilayer perceptron of Hinton, Vinyals & Dean 2015, arXiv:1503.02531, section 3."""

from common.backend import keras, layers
from common.models import blocks
from common.models.initial_weights import he_normal
from common.models.pixels import standardized
from common.utils.checks import require_fraction, require_positive


def mlp(
    image_shape, classes, *, seed=0, pixel_statistics=None, width=800, dropout=0.0, max_norm=None
):
    """Two hidden ReLU layers and logits. Kernels start from N(0, 2 / fan_in).

    Args:
        width: units in each hidden layer (paper: 1200 teacher, 800 student).
        dropout: fraction of hidden units dropped in training (paper's teacher: 0.5); the
            inputs are dropped at 0.4 of that rate, 0.2 at 0.5, as in Hinton et al. 2012.
        max_norm: greatest L2 norm of a hidden unit's incoming weights; None for no constraint.
        seed: seed of the initial weights, independent of other networks.
        pixel_statistics: for input normalization, as in `pixels.statistics`.

    Returns:
        keras.Model, images (batch, *image_shape) in [0, 255] -> logits (batch, classes), float32.

    Raises:
        ValueError: width not a whole number above 0, dropout outside [0, 1], max_norm not above 0.
    """
    require_positive("width", width, integer=True)
    require_fraction("dropout", dropout)
    if max_norm is not None:
        require_positive("max_norm", max_norm)
    constraint = None if max_norm is None else keras.constraints.MaxNorm(max_norm)
    inputs, x = standardized(image_shape, pixel_statistics)
    x = layers.Flatten()(x)
    if dropout:
        x = layers.Dropout(0.4 * dropout, seed=seed)(x)
    for depth in (1, 2):
        x = layers.Dense(width, activation="relu", kernel_constraint=constraint)(x)
        if dropout:
            x = layers.Dropout(dropout, seed=seed + depth)(x)
    outputs = blocks.logits(x, classes)
    return he_normal(keras.Model(inputs, outputs, name="mlp"), seed)
