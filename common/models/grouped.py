"""Group convolution and channel shuffle; Zhang et al. 2018, arXiv:1707.01083, section 3.1."""

from common.backend import layers, ops


# Conv2D(groups=) does train on a CPU in TensorFlow 2.21, but its gradient takes 7 to 14 times as
# long as this one's (16x16 pixels, 60 to 240 channels and back, 3 groups, batch 64: 137 and 257 ms
# against 18 and 17 ms; a batched matrix product in a layer of our own: 19 and 18 ms). Each group
# is a dense matrix product, which GPUs do well too, and a saved model holds only Keras's layers.
def group_convolution(x, channels, groups):
    """1x1 convolution without bias, in which group i of x feeds group i of the outputs.

    Args:
        x: (batch, h, w, inputs).
        channels: number of output channels.
        groups: divides inputs and channels; 1 is an ordinary convolution.

    Returns:
        (batch, h, w, channels).

    Raises:
        ValueError: groups that do not divide the inputs or the channels.
    """
    for count in (x.shape[-1], channels):
        if count % groups:
            raise ValueError(
                f"groups={groups} do not divide {count} channels: "
                "choose other groups or another width"
            )
    if groups == 1:
        return layers.Conv2D(channels, 1, use_bias=False)(x)
    parts = ops.split(x, groups, axis=-1)
    convolved = [layers.Conv2D(channels // groups, 1, use_bias=False)(part) for part in parts]
    return layers.Concatenate()(convolved)


def channel_shuffle(x, groups):
    """Interleave the groups: channel i of group g goes to place i · groups + g."""
    height, width, channels = x.shape[1:]
    x = layers.Reshape((height, width, groups, channels // groups))(x)
    return layers.Reshape((height, width, channels))(layers.Permute((1, 2, 4, 3))(x))
