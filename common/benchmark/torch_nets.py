"""Networks in plain PyTorch with the same layers as those of common.models.

They take images (batch, channels, height, width) in [0, 255] and standardize them alike. A
strided convolution pads below and to the right, as Keras's "same" does on even sizes.
"""

import functools

import torch
from torch import nn
from torch.nn import functional

from common.models.pixels import statistics
from common.models.vgg import DEPTHS


class Standardized(nn.Module):
    """Standardization of pixels by the data set's mean and standard deviation."""

    def __init__(self, image_shape):
        super().__init__()
        for name, values in zip(("mean", "deviation"), statistics(image_shape), strict=True):
            self.register_buffer(name, torch.tensor(values).view(1, -1, 1, 1))

    def forward(self, x):
        """Standardized pixels, float32 (batch, channels, h, w)."""
        return (x - self.mean) / self.deviation


class Same(nn.Conv2d):
    """Convolution padded to ceil(size / stride), an odd zero below and to the right."""

    def __init__(self, inputs, outputs, size=3, stride=1, bias=False):
        super().__init__(inputs, outputs, size, stride, bias=bias)

    def forward(self, x):
        """(batch, outputs, ceil(h / stride), ceil(w / stride)) of x (batch, inputs, h, w)."""
        gaps = []
        for side in (x.shape[3], x.shape[2]):
            size, stride = self.kernel_size[0], self.stride[0]
            gap = max(0, (-(-side // stride) - 1) * stride + size - side)
            gaps += [gap // 2, gap - gap // 2]
        if gaps[0] == gaps[1] == gaps[2] == gaps[3]:  # saves a copy of x
            return functional.conv2d(x, self.weight, self.bias, self.stride, gaps[0])
        return super().forward(functional.pad(x, gaps))


class Bottleneck(nn.Module):
    """Pre-activation bottleneck: 1x1, 3x3 and 1x1 convolutions, and the input."""

    def __init__(self, inputs, channels, stride):
        super().__init__()
        outputs = 4 * channels
        self.active = normalized_relu(inputs)
        needs_projection = stride > 1 or inputs != outputs
        self.shortcut = Same(inputs, outputs, 1, stride) if needs_projection else None
        self.residual = nn.Sequential(
            Same(inputs, channels, 1),
            normalized_relu(channels),
            Same(channels, channels, 3, stride),
            normalized_relu(channels),
            Same(channels, outputs, 1),
        )

    def forward(self, x):
        """(batch, 4 * channels, h / stride, w / stride) of x (batch, inputs, h, w)."""
        active = self.active(x)
        shortcut = self.shortcut(active) if self.shortcut else x
        return shortcut + self.residual(active)


def normalized_relu(channels):
    """Batch normalization, then ReLU."""
    return nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU(inplace=True))


def resnet164(image_shape, classes):
    """`common.models` resnet164: 54 pre-activation bottlenecks."""
    stages, inputs = [], 16
    for stage, channels in enumerate((16, 32, 64)):
        for unit in range(18):
            stages.append(Bottleneck(inputs, channels, 2 if stage and not unit else 1))
            inputs = 4 * channels
    stem = Same(image_shape[-1], 16)
    return nn.Sequential(
        Standardized(image_shape), stem, *stages, normalized_relu(inputs), *_head(inputs, classes)
    )


def vgg16(image_shape, classes):
    """`common.models` vgg16, small images padded to 32x32."""
    stages, inputs = [], image_shape[-1]
    for stage, (depth, channels) in enumerate(
        zip(DEPTHS["vgg16"], (64, 128, 256, 512, 512), strict=True)
    ):
        stages += [nn.MaxPool2d(2)] if stage else []
        for _ in range(depth):
            stages += [Same(inputs, channels, bias=True), normalized_relu(channels)]
            inputs = channels
    gaps = [max(0, 32 - side) for side in (image_shape[1], image_shape[0])]
    padding = nn.ZeroPad2d([zeros for gap in gaps for zeros in (gap // 2, gap - gap // 2)])
    return nn.Sequential(Standardized(image_shape), padding, *stages, *_head(inputs, classes))


def cnn(image_shape, classes, width=1.0):
    """`common.models` cnn: three convolutions and a dense layer."""
    stages, inputs = [], image_shape[-1]
    for channels in (32, 64, 128):
        channels = max(1, round(width * channels))
        stages += [Same(inputs, channels), normalized_relu(channels), nn.MaxPool2d(2)]
        inputs = channels
    sides = [side // 8 for side in image_shape[:2]]
    last = nn.Linear(inputs * sides[0] * sides[1], classes)
    return nn.Sequential(Standardized(image_shape), *stages, _ChannelsLast(), last)


class _ChannelsLast(nn.Module):
    """Flatten in the order of Keras: (height, width, channels)."""

    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1)


class Basic(nn.Module):
    """Basic block: two 3x3 convolutions, padded evenly on all sides, and the input."""

    def __init__(self, inputs, channels, stride):
        super().__init__()
        self.residual = nn.Sequential(
            nn.Conv2d(inputs, channels, 3, stride, 1, bias=False),
            normalized_relu(channels),
            nn.Conv2d(channels, channels, 3, 1, 1, bias=False),
            nn.BatchNorm2d(channels),
        )
        self.shortcut = nn.Identity()
        if stride > 1 or inputs != channels:
            projection = nn.Conv2d(inputs, channels, 1, stride, bias=False)
            self.shortcut = nn.Sequential(projection, nn.BatchNorm2d(channels))

    def forward(self, x):
        """(batch, channels, h / stride, w / stride) of x (batch, inputs, h, w)."""
        return functional.relu(self.residual(x) + self.shortcut(x))


def resnet(depth, image_shape, classes):
    """`common.models` resnet8, resnet20, ... resnet110, of basic blocks."""
    stages, inputs = [Same(image_shape[-1], 16), normalized_relu(16)], 16
    for stage, channels in enumerate((16, 32, 64)):
        for block in range((depth - 2) // 6):
            stages.append(Basic(inputs, channels, 2 if stage and not block else 1))
            inputs = channels
    return nn.Sequential(Standardized(image_shape), *stages, *_head(inputs, classes))


def _head(inputs, classes):
    return nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, classes)


NETS = {"resnet164": resnet164, "vgg16": vgg16, "cnn": cnn}
NETS |= {f"resnet{depth}": functools.partial(resnet, depth) for depth in (8, 20, 110)}
