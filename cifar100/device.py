"""To a device: the ConvNet of `four_epochs` at three narrower widths, distilled from its VGG8.

The teacher's logits and weights are committed. The students keep the recipe, temperature and alpha
of `four_epochs`, on half of the training images, and train in float32, as their exported files
compute: all 30 of them in about ten minutes on two CPU cores.
"""

import dataclasses

from cifar100 import four_epochs
from common.data.transfer_sets import TransferSet
from common.experiments import deployment
from common.experiments.deployment import Deployment
from common.runs import ModelSpec

_RECIPE = dataclasses.replace(four_epochs.STUDENTS["cnn_4"].recipe, precision="float32")
_HALF = TransferSet(share=0.5)
_WIDTHS = {"device_cnn_eighth": 0.125, "device_cnn_quarter": 0.25, "device_cnn_half": 0.5}

TEACHERS = {}  # the teacher is that of four_epochs
STUDENTS = {
    name: ModelSpec(
        "cnn", _RECIPE, f"3-layer CNN, {share} width, 4 epochs", {"width": width}, _HALF
    )
    for (name, width), share in zip(_WIDTHS.items(), ("1/8", "1/4", "half"), strict=True)
}
DEVICE = Deployment("vgg8_12", "device_cnn_half", tuple(STUDENTS))


def reproduce(study):
    """Groups of all widths, on labels only and distilled."""
    return deployment.train(study, DEVICE)
