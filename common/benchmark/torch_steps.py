"""The same calls in plain PyTorch."""

import torch
from torch import nn

from common.benchmark import keras_steps, torch_nets


def use_threads(count):
    """Limit PyTorch to `count` threads; None leaves it."""
    if count:
        torch.set_num_threads(count)


def call(net, phase, options):
    """Return a function that runs the PyTorch `net` once on the batch that Keras gets."""
    images, labels = keras_steps.batch(options)
    images = torch.from_numpy(images).permute(0, 3, 1, 2)  # channels last in memory
    labels = torch.from_numpy(labels).long()
    model = torch_nets.NETS[net](options.image_shape, options.classes)
    model = model.to(memory_format=torch.channels_last)  # here faster than the default
    if phase == "inference":
        return lambda: _infer(model.eval(), images)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    return lambda: _train(model.train(), optimizer, images, labels)


def _infer(model, images):
    with torch.inference_mode():
        return model(images).numpy()


def _train(model, optimizer, images, labels):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss.item()
