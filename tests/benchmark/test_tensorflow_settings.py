"""Benchmark of the settings given to TensorFlow: its processes, and the ratios of its table."""

import pytest

from common.benchmark import __main__ as command
from common.benchmark import tensorflow_settings

RATES = {  # variables of a process: (training, prediction) images/s, those of vgg16 a tenth
    (): (300, 1000),
    ("TF_ENABLE_ONEDNN_OPTS",): (100, 2000),
    ("GLIBC_TUNABLES",): (200, 500),
}


def test_table_divides_our_rates_by_those_under_each_default(monkeypatch, capsys):
    def in_process(network, variables):
        return tuple(rate / (10 if network[0] == "vgg16" else 1) for rate in RATES[(*variables,)])

    monkeypatch.setattr(tensorflow_settings, "_in_process", in_process)
    command.main(["tensorflow_settings", "--repeats", "2"])
    lines = capsys.readouterr().out.splitlines()
    assert "| cnn, 28×28, training | 300 | 3.0 | 1.5 |" in lines
    assert "| cnn, 28×28, prediction | 1,000 | 0.5 | 2.0 |" in lines
    assert "| vgg16, 32×32, training | 30 | 3.0 | 1.5 |" in lines


def test_a_process_times_a_network_with_and_without_a_setting():
    for variables in ({}, {"TF_ENABLE_ONEDNN_OPTS": "0"}):
        rates = tensorflow_settings._in_process(("mlp", 28), variables)
        assert len(rates) == 2 and min(rates) > 0


def test_failures_and_bad_repeats_are_named(capsys):
    with pytest.raises(ValueError, match=r"tensorflow_settings cnn wide failed"):
        tensorflow_settings._in_process(("cnn", "wide"), {})  # before it imports TensorFlow
    with pytest.raises(SystemExit):
        command.main(["tensorflow_settings", "--repeats", "0"])
    assert "repeats" in capsys.readouterr().err
