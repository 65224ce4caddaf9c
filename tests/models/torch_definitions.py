"""The CIFAR networks as PyTorch modules, named as in RepDistiller, written from their papers."""

import torch
from torch import nn
from torch.nn import functional

RESNETS = {"x4": (32, 64, 128, 256), "": (16, 16, 32, 64)}
VGGS = {"8": "11111", "11": "11222", "13": "22222", "16": "22333", "19": "22444"}


def conv(inputs, outputs, size=3, stride=1, groups=1):
    return nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False)


class Net(nn.Module):
    """Modules by name, called one after the other; the dense layer on the mean of the pixels."""

    def __init__(self, **modules):
        super().__init__()
        for name, module in modules.items():
            self.add_module(name, module)
        self.order = list(modules)

    def forward(self, x):
        *body, head = self.order
        for name in body:
            x = getattr(self, name)(x)
            x = functional.relu(x) if name.startswith("bn") else x
        return getattr(self, head)(x.mean((2, 3)))


class Basic(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1, self.bn1 = conv(inputs, outputs, 3, stride), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = conv(outputs, outputs), nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride > 1 or inputs != outputs:
            projection = conv(inputs, outputs, 1, stride)
            self.downsample = nn.Sequential(projection, nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x)))))
        return functional.relu(y + (self.downsample(x) if self.downsample else x))


class Wide(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(inputs), conv(inputs, outputs, 3, stride)
        self.bn2, self.conv2 = nn.BatchNorm2d(outputs), conv(outputs, outputs)
        self.convShortcut = conv(inputs, outputs, 1, stride) if inputs != outputs else None

    def forward(self, x):
        active = functional.relu(self.bn1(x))
        y = self.conv2(functional.relu(self.bn2(self.conv1(active))))
        return y + (self.convShortcut(active) if self.convShortcut else x)


class Layers(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.layer = layers

    def forward(self, x):
        return self.layer(x)


def stages(block, inputs, widths, depth):
    for stage, outputs in enumerate(widths):
        blocks = []
        for index in range(depth):
            blocks.append(block(inputs, outputs, 2 if stage and not index else 1))
            inputs = outputs
        yield nn.Sequential(*blocks)


def resnet(size, classes):
    depth, _, wide = size.partition("x")
    stem, *widths = RESNETS["x4" if wide else ""]
    layers = enumerate(stages(Basic, stem, widths, (int(depth) - 2) // 6), 1)
    body = {f"layer{number}": layer for number, layer in layers}
    head = nn.Linear(widths[-1], classes)
    return Net(conv1=conv(3, stem), bn1=nn.BatchNorm2d(stem), **body, fc=head)


def wide_resnet(depth, width, classes):
    widths = [16 * width, 32 * width, 64 * width]
    layers = enumerate(stages(Wide, 16, widths, (depth - 4) // 6), 1)
    body = {f"block{number}": Layers(layer) for number, layer in layers}
    norm, head = nn.BatchNorm2d(widths[-1]), nn.Linear(widths[-1], classes)
    return Net(conv1=conv(3, 16), **body, bn1=norm, fc=head)


class Vgg(nn.Module):
    def __init__(self, depths, classes):
        super().__init__()
        inputs = 3
        for stage, (depth, outputs) in enumerate(
            zip(depths, (64, 128, 256, 512, 512), strict=True)
        ):
            layers = []
            for _ in range(int(depth)):
                layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs)]
                layers, inputs = [*layers, nn.ReLU()], outputs
            self.add_module(f"block{stage}", nn.Sequential(*layers))
        self.classifier = nn.Linear(512, classes)

    def forward(self, x):
        for stage in range(5):
            x = getattr(self, f"block{stage}")(x)
            x = functional.max_pool2d(x, 2) if stage < 3 else x
        return self.classifier(x.mean((2, 3)))


class Inverted(nn.Module):
    def __init__(self, inputs, outputs, stride, expansion):
        super().__init__()
        inner = inputs * expansion
        layers = [conv(inputs, inner, 1), nn.BatchNorm2d(inner), nn.ReLU()]
        layers += [conv(inner, inner, 3, stride, inner), nn.BatchNorm2d(inner), nn.ReLU()]
        self.conv = nn.Sequential(*layers, conv(inner, outputs, 1), nn.BatchNorm2d(outputs))
        self.added = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.conv(x) if self.added else self.conv(x)


def mobilenet_v2(classes):
    """At half width; Sandler et al. 2018, table 2, with the strides for small images."""
    table = ((1, 8, 1, 1), (6, 12, 2, 1), (6, 16, 3, 2), (6, 32, 4, 2))
    table += ((6, 48, 3, 1), (6, 80, 3, 2), (6, 160, 1, 1))
    blocks, inputs = [], 16
    for expansion, outputs, units, stride in table:
        units = []
        for unit in range(units):
            units.append(Inverted(inputs, outputs, 1 if unit else stride, expansion))
            inputs = outputs
        blocks.append(nn.Sequential(*units))
    stem = nn.Sequential(conv(3, 16, 3, 2), nn.BatchNorm2d(16), nn.ReLU())
    last = nn.Sequential(conv(160, 1280, 1), nn.BatchNorm2d(1280), nn.ReLU())
    head = nn.Sequential(nn.Linear(1280, classes))
    return Net(conv1=stem, blocks=nn.Sequential(*blocks), conv2=last, classifier=head)


def shuffled(x, groups):
    return x.unflatten(1, (groups, -1)).transpose(1, 2).flatten(1, 2)


class Chain(nn.Module):
    """conv1, bn1, conv2, bn2 ... of convolutions in order."""

    def __init__(self, *convolutions):
        super().__init__()
        for number, module in enumerate(convolutions, 1):
            self.add_module(f"conv{number}", module)
            self.add_module(f"bn{number}", nn.BatchNorm2d(module.out_channels))

    def step(self, number, x, active):
        x = getattr(self, f"bn{number}")(getattr(self, f"conv{number}")(x))
        return functional.relu(x) if active else x


class ShuffleUnit(Chain):
    def __init__(self, inputs, outputs, stride):
        added = outputs - inputs if stride == 2 else outputs
        inner, self.groups, stride_of = added // 4, 1 if inputs == 24 else 3, stride
        first, last = conv(inputs, inner, 1, 1, self.groups), conv(inner, added, 1, 1, 3)
        super().__init__(first, conv(inner, inner, 3, stride_of, inner), last)
        self.stride = stride

    def forward(self, x):
        y = shuffled(self.step(1, x, True), self.groups)
        y = self.step(3, self.step(2, y, True), False)
        if self.stride == 2:
            return functional.relu(torch.cat([y, functional.avg_pool2d(x, 3, 2, 1)], 1))
        return functional.relu(x + y)


class HalvingUnit(Chain):
    def __init__(self, inputs, outputs):
        half = outputs // 2
        left = (conv(inputs, inputs, 3, 2, inputs), conv(inputs, half, 1))
        super().__init__(
            *left, conv(inputs, half, 1), conv(half, half, 3, 2, half), conv(half, half, 1)
        )

    def forward(self, x):
        left = self.step(2, self.step(1, x, False), True)
        right = self.step(5, self.step(4, self.step(3, x, True), False), True)
        return shuffled(torch.cat([left, right], 1), 2)


class SplitUnit(Chain):
    def __init__(self, channels):
        half = channels // 2
        super().__init__(conv(half, half, 1), conv(half, half, 3, 1, half), conv(half, half, 1))

    def forward(self, x):
        same, y = x.chunk(2, 1)
        y = self.step(3, self.step(2, self.step(1, y, True), False), True)
        return shuffled(torch.cat([same, y], 1), 2)


def shuffle_v1(classes):
    body, inputs = {}, 24
    for stage, (outputs, units) in enumerate(((240, 4), (480, 8), (960, 4)), 1):
        first = ShuffleUnit(inputs, outputs, 2)
        others = [ShuffleUnit(outputs, outputs, 1) for _ in range(units - 1)]
        body[f"layer{stage}"], inputs = nn.Sequential(first, *others), outputs
    head = nn.Linear(960, classes)
    return Net(conv1=conv(3, 24, 1), bn1=nn.BatchNorm2d(24), **body, linear=head)


def shuffle_v2(classes):
    body, inputs = {}, 24
    for stage, (outputs, units) in enumerate(((116, 4), (232, 8), (464, 4)), 1):
        others = [SplitUnit(outputs) for _ in range(units - 1)]
        body[f"layer{stage}"] = nn.Sequential(HalvingUnit(inputs, outputs), *others)
        inputs = outputs
    last = {"conv2": conv(464, 1024, 1), "bn2": nn.BatchNorm2d(1024)}
    stem = {"conv1": conv(3, 24, 1), "bn1": nn.BatchNorm2d(24)}
    return Net(**stem, **body, **last, linear=nn.Linear(1024, classes))


def build(name, classes):
    """The network of a name in `common.models.NAMES`."""
    if name.startswith("resnet"):
        return resnet(name.removeprefix("resnet"), classes)
    if name.startswith("wrn"):
        return wide_resnet(*map(int, name.split("_")[1:]), classes)
    if name.startswith("vgg"):
        return Vgg(VGGS[name.removeprefix("vgg")], classes)
    return {"mobilenet_v2": mobilenet_v2, "shuffle_v1": shuffle_v1, "shuffle_v2": shuffle_v2}[name](
        classes
    )
