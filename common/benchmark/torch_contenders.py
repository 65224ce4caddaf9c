"""Contenders in PyTorch: an epoch of distillation as RepDistiller writes it; calls of a network.

`epoch` is the distillation benchmark's, `call` that of the throughput benchmark. RepDistiller
(Tian et al. 2020, arXiv:1910.10699) evaluates the teacher on every batch, under no_grad; the loss
is 0.1 · cross-entropy + 0.9 · T² · KL at T = 4.
"""

import torch
from torch import nn
from torch.nn import functional

from common.benchmark import keras_steps, torch_nets

TEMPERATURE = 4.0


def epoch(task, dataset):
    """Contender PyTorch loop: a function that trains a `Task`'s student for an epoch."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    teacher, student = (_on_device(net, device) for net in _networks(task))
    images = torch.from_numpy(dataset.train.images).permute(0, 3, 1, 2).contiguous()
    labels = torch.from_numpy(dataset.train.labels).long()
    loader = _loader(torch.utils.data.TensorDataset(images, labels), task.batch_size)
    optimizer = torch.optim.Adam(student.parameters())
    bfloat16 = task.precision == "mixed_bfloat16"

    def train():
        with torch.autocast(device, torch.bfloat16, enabled=bfloat16):
            _epoch(loader, teacher.eval(), student.train(), optimizer, device)

    return train


def _loader(dataset, batch_size):
    """Shuffled batches, each cut from the tensors by one operation: faster than by example."""
    order = torch.utils.data.RandomSampler(dataset)
    batches = torch.utils.data.BatchSampler(order, batch_size, drop_last=False)
    return torch.utils.data.DataLoader(dataset, sampler=batches, batch_size=None)


def _networks(task):
    """(teacher, student) of a task, untrained."""
    shape, classes = task.image_shape, task.classes
    teacher = torch_nets.NETS[task.teacher](shape, classes)
    last = [layer for layer in teacher.modules() if isinstance(layer, nn.Linear)][-1]
    nn.init.zeros_(last.weight)  # logits of so deep an untrained network would overflow
    return teacher, torch_nets.NETS[task.student](shape, classes, **task.student_options)


def _on_device(net, device):
    return net.to(device, memory_format=torch.channels_last)


def _epoch(loader, teacher, student, optimizer, device):
    correct = 0.0
    for images, labels in loader:
        images = images.to(device).float().contiguous(memory_format=torch.channels_last)
        labels = labels.to(device)
        logits = student(images)
        with torch.no_grad():
            teacher_logits = teacher(images)
        soft_loss = _soft_loss(logits, teacher_logits)
        loss = 0.1 * functional.cross_entropy(logits, labels) + 0.9 * soft_loss
        correct += (logits.argmax(1) == labels).float().sum().item()  # `fit` tracks accuracy too
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def _soft_loss(student_logits, teacher_logits):
    student = functional.log_softmax(student_logits / TEMPERATURE, dim=1)
    teacher = functional.softmax(teacher_logits / TEMPERATURE, dim=1)
    return nn.KLDivLoss(reduction="batchmean")(student, teacher) * TEMPERATURE**2


def call(net, phase, options):
    """Function that runs the PyTorch network `net` once on a batch of random images.

    Args:
        net: a name in `torch_nets.NETS`.
        phase: "inference" or "training".
        options: with batch_size, image_shape and classes; the batch is that of `keras_steps`.
    """
    images, labels = keras_steps.batch(options)
    images = torch.from_numpy(images).permute(0, 3, 1, 2)  # channels last in memory
    labels = torch.from_numpy(labels).long()
    model = torch_nets.NETS[net](options.image_shape, options.classes)
    model = model.to(memory_format=torch.channels_last)  # faster here than the default
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


def use_threads(count):
    """Limit PyTorch to `count` threads; None leaves the default."""
    if count:
        torch.set_num_threads(count)
