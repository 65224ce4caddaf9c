"""Ensemble of three-layer ConvNets as one model, student or teacher."""

import math

from common.backend import keras, layers, ops
from common.models.cnn import cnn
from common.utils.checks import require_at_least, require_choice, require_temperature

MEANS = ("logits", "probabilities")


def cnn_ensemble(
    image_shape,
    classes,
    *,
    seed=0,
    pixel_statistics=None,
    members=3,
    width=1.0,
    mean="logits",
    temperature=1.0,
):
    """k ConvNets (`cnn`) with different initial weights; a mean of their logits z_i.

    `mean` selects one of two means, which are different targets:

    * "logits": 1/k Σ z_i. Its softmax at any temperature is the normalized geometric mean of
      the members' softmaxes at that temperature.
    * "probabilities": T · log(1/k Σ softmax(z_i / T)) at T = `temperature`. Its softmax at
      that very T is the arithmetic mean of the members' softmaxes at T (Hinton, Vinyals &
      Dean 2015, arXiv:1503.02531, section 2, name both means). At another temperature it is
      not the arithmetic mean there: with T = 1 and a softmax at 4, each class gets its mean
      probability to the power 1/4, normalized. For T -> ∞ it becomes "logits".

    To distill from the arithmetic mean of softened probabilities, set `temperature` to that of
    the distillation loss; the predicted class is that of the largest mean probability.

    Args:
        members: k, at least 1; member i is `cnn` with seed (seed, i).
        width: as in `cnn`, of each member.
        mean: "logits" or "probabilities".
        temperature: T > 0 of the arithmetic mean; ignored for "logits".
        seed: seed of the initial weights, independent of other networks.
        pixel_statistics: for input normalization, as in `pixels.statistics`.

    Returns:
        keras.Model, images (batch, *image_shape) in [0, 255] -> logits (batch, classes), float32.

    Raises:
        ValueError: members, width or temperature not above 0, unknown mean, images smaller
            than 8x8 pixels.
    """
    require_at_least("members", members, 1)
    require_temperature(temperature)
    require_choice("mean", mean, MEANS)
    inputs = keras.Input(image_shape, name="pixels")
    options = {"pixel_statistics": pixel_statistics, "width": width}
    logits = [
        cnn(image_shape, classes, seed=(seed, index), name=f"member_{index}", **options)(inputs)
        for index in range(members)
    ]
    outputs = _mean_of(ops.stack(logits, axis=1), mean, temperature)
    outputs = layers.Identity(dtype="float32", name="logits")(outputs)
    return keras.Model(inputs, outputs, name="cnn_ensemble")


def _mean_of(logits, mean, temperature):
    """(batch, classes) mean over axis 1 of logits (batch, members, classes)."""
    if mean == "logits":
        return ops.mean(logits, axis=1)
    log_sum = ops.logsumexp(ops.log_softmax(logits / temperature), axis=1)
    return temperature * (log_sum - math.log(logits.shape[1]))
