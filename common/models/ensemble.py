"""An ensemble of three-layer ConvNets as one model, student or teacher."""

import math

from common.backend import keras, layers, ops
from common.models.cnn import cnn
from common.utils.checks import require_at_least, require_choice, require_positive

MEANS = ("logits", "probabilities")


def cnn_ensemble(
    image_shape, classes, *, seed=0, members=3, width=1.0, mean="logits", temperature=1.0
):
    """k ConvNets (`cnn`) with their own initial weights; the logits are a mean of theirs, z_i.

    `mean` says which, for the two are different targets:

    * "logits": 1/k Σ z_i. Its softmax at any temperature is the normalized geometric mean of
      the members' softmaxes at that temperature.
    * "probabilities": T · log(1/k Σ softmax(z_i / T)) at T = `temperature`. Its softmax at
      that very T is the arithmetic mean of the members' softmaxes at T (Hinton, Vinyals &
      Dean 2015, arXiv:1503.02531, section 2, name both means). At another temperature it is
      not the arithmetic mean there: with T = 1 and a softmax at 4, each class gets its mean
      probability to the power 1/4, normalized. For T -> ∞ it becomes "logits".

    So an ensemble that teaches with the arithmetic mean of softened probabilities is given
    the temperature it teaches at; its largest logit is that mean's largest class.

    Args:
        members: k, at least 1; member i is `cnn` with seed (seed, i).
        width: as in `cnn`, of each member.
        mean: "logits" or "probabilities".
        temperature: T > 0 of the arithmetic mean; of no effect on "logits".
        seed: fixes the initial weights, whatever was built before.

    Returns:
        keras.Model, images (batch, *image_shape) in [0, 255] -> logits (batch, classes), float32.

    Raises:
        ValueError: members, width or temperature not above 0, unknown mean, images smaller
            than 8x8 pixels.
    """
    require_at_least("members", members, 1)
    require_positive("temperature", temperature)
    require_choice("mean", mean, MEANS)
    inputs = keras.Input(image_shape, name="pixels")
    each = [
        cnn(image_shape, classes, seed=(seed, index), width=width, name=f"member_{index}")(inputs)
        for index in range(members)
    ]
    each = ops.stack(each, axis=1)
    if mean == "logits":
        outputs = ops.mean(each, axis=1)
    else:
        soft = ops.logsumexp(ops.log_softmax(each / temperature), axis=1) - math.log(members)
        outputs = temperature * soft
    outputs = layers.Identity(dtype="float32", name="logits")(outputs)
    return keras.Model(inputs, outputs, name="cnn_ensemble")
