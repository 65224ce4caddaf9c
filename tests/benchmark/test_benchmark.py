"""Benchmark: its commands, its arithmetic, and that both frameworks run the same networks."""

import importlib.util
import re
import time

import numpy as np
import pytest

from common import models
from common.backend import layers
from common.benchmark import __main__ as command
from common.benchmark import bare_step, timing
from tests.support.helpers import needs_torch


@pytest.mark.parametrize("arguments", [["--help"], ["teacher_epoch", "--help"], ["distill", "-h"]])
def test_help(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        command.main(arguments)
    assert end.value.code == 0
    assert "usage: python -m common.benchmark" in capsys.readouterr().out


@pytest.mark.parametrize("name", command.SUBJECTS)
def test_subjects_have_arguments_and_run(name):
    module = importlib.import_module(f"common.benchmark.{name}")
    assert callable(module.add_arguments) and callable(module.run)


def test_former_names_still_work_and_print_the_new_one(capsys):
    with pytest.raises(SystemExit):
        command.main(["models", "no_such_net"])
    error = capsys.readouterr().err
    assert "models is now called throughput" in error and "unknown net 'no_such_net'" in error


def test_interleaved_calls_take_turns():
    order, ticks = [], iter(range(100))
    calls = {name: lambda name=name: order.append(name) for name in "ab"}
    seconds = timing.interleaved(calls, 2, clock=lambda: next(ticks))
    assert order == ["a", "b"] * 4
    assert seconds == {"a": [1, 1], "b": [1, 1]}


def test_progress_goes_to_standard_error(capsys):
    timing.interleaved({"a": lambda: 1.0, "b": lambda: 2.0}, 3)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "timing each in turn: 100% 10/10 calls" in captured.err


def test_a_call_may_return_its_seconds():
    seconds = iter([9.0, 8.0, 1.0, 2.0])  # the first two warm up
    assert timing.interleaved({"a": lambda: next(seconds)}, 2) == {"a": [1.0, 2.0]}


def test_seconds_of_a_fit_end_with_its_epoch(few):
    images = few.train.take(slice(20))
    epoch = bare_step.epoch(models.build("mlp", few.image_shape, 10, width=8), images, 3)
    epoch()
    start = time.perf_counter()
    seconds = epoch()
    assert 0 < seconds < time.perf_counter() - start


def test_rates_and_ratio():
    assert timing.rates([1, 2, 4], 8) == (4, 2, 8)
    assert timing.ratio([2, 4, 9], [1, 4, 3]) == 2  # the median of 2, 1, 3


@needs_torch
@pytest.mark.parametrize("image_shape", [(28, 28, 1), (32, 32, 3)], ids=str)
@pytest.mark.parametrize("name", ["resnet164", "vgg16", "cnn", "resnet20"])
def test_pytorch_net_gives_the_logits_of_the_keras_net(name, image_shape):
    import torch

    from common.benchmark import torch_nets

    ours = models.build(name, image_shape, 10)
    theirs = torch_nets.NETS[name](image_shape, 10)
    _copy(ours, theirs)
    images = np.random.default_rng(0).integers(0, 256, (2, *image_shape)).astype("float32")
    expected = np.asarray(ours(images))
    with torch.inference_mode():
        logits = theirs.eval()(torch.from_numpy(images).permute(0, 3, 1, 2)).numpy()
    scale = np.abs(expected).max()
    np.testing.assert_allclose(logits / scale, expected / scale, atol=1e-4)


def _copy(ours, theirs):
    """Copy the kernels of Keras's network to PyTorch's, both in the order of creation."""
    import torch
    from torch import nn

    kinds = nn.Conv2d, nn.Linear
    kernels = [module for module in theirs.modules() if isinstance(module, kinds)]
    with_kernel = [layer for layer in ours.layers if hasattr(layer, "kernel")]
    with_kernel.sort(key=lambda layer: (isinstance(layer, layers.Dense), _number(layer)))
    for layer, module in zip(with_kernel, kernels, strict=True):
        value = np.asarray(layer.kernel)
        value = value.transpose(3, 2, 0, 1) if value.ndim == 4 else value.T
        with torch.no_grad():
            module.weight.copy_(torch.from_numpy(value.copy()))
            if module.bias is not None:
                module.bias.zero_()


def _number(layer):
    return int((re.findall(r"_(\d+)$", layer.name) or ["0"])[0])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["vgg8"], "unknown net 'vgg8'"),
        (["--repeats", "0"], "repeats must be a whole number of at least 1"),
        (["--batch-size", "0"], "batch size must be"),
        (["--threads", "0"], "threads must be"),
    ],
)
def test_bad_input_is_refused(arguments, sentence, capsys):
    with pytest.raises(SystemExit):
        command.main(["throughput", *arguments])
    assert sentence in capsys.readouterr().err


@pytest.mark.slow
def test_benchmark_prints_a_line_for_each_phase(capsys, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    command.main(["throughput", "vgg16", "--batch-size", "2", "--repeats", "1"])
    text = capsys.readouterr().out
    assert "PyTorch is not installed, so Keras is timed alone" in text
    assert re.search(r"vgg16 inference: +Keras \d+\.\d images/s", text)
    assert re.search(r"vgg16 training: +Keras \d+\.\d images/s", text)
