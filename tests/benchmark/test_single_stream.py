"""Single-stream latency: order and number of queries, percentiles, with a fake clock."""

import sys

import numpy as np
import pytest

from common.benchmark import __main__ as command
from common.benchmark import single_stream


class Clock:
    """A clock that `run` of each network advances."""

    def __init__(self):
        self.now, self.calls = 0.0, []

    def network(self, name, seconds):
        durations = iter(seconds * 10_000)

        def run(images):
            self.calls.append((name, len(images)))
            self.now += next(durations)

        return run


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(single_stream.time, "perf_counter", lambda: clock.now)
    monkeypatch.setattr(single_stream, "added_memory", lambda *arguments: 1.5)
    return clock


def measure(clock, monkeypatch, networks, **options):
    monkeypatch.setattr(single_stream.export, "load", lambda path, threads: networks[path])
    images = np.zeros((40, 4, 4, 1), "uint8")
    return single_stream.measure({name: name for name in networks}, images, **options)


def test_percentiles_number_and_duration(clock, monkeypatch):
    networks = {
        "fast": clock.network("fast", [0.001] * 8 + [0.003] * 2),
        "slow": clock.network("slow", [0.1]),
    }
    measured = measure(clock, monkeypatch, networks, queries=64, seconds=1)
    assert measured["fast"]["milliseconds_p50"] == pytest.approx(1)
    assert measured["fast"]["milliseconds_p90"] == pytest.approx(3)
    assert measured["slow"]["queries"] == 64 and measured["slow"]["milliseconds_p90"] == 100
    assert (
        measured["fast"]["queries"] % single_stream.BLOCK == 0 and measured["fast"]["seconds"] >= 1
    )
    assert (
        measured["slow"]["images_per_second"] == 320 and measured["slow"]["peak_megabytes"] == 1.5
    )


def test_networks_take_turns_and_the_warm_up_is_not_timed(clock, monkeypatch):
    networks = {name: clock.network(name, [0.001]) for name in "ab"}
    measured = measure(clock, monkeypatch, networks, queries=64, seconds=0)
    turn = single_stream.BLOCK + single_stream.WARM_UP
    expected = ["a"] * turn + ["b"] * turn
    assert [name for name, size in clock.calls if size == 1] == expected * 2
    assert measured["a"]["queries"] == measured["b"]["queries"] == 64


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a peak that can be reset")
@pytest.mark.slow  # a new process imports Keras
def test_added_memory(tmp_path):
    from common import export, models

    pytest.importorskip("ai_edge_litert", reason="pip install -e '.[export]'")
    model = models.build("mlp", (32, 32, 1), 10, width=1500)
    path = tmp_path / "net.tflite"
    size = export.export(model, path, format="litert").bytes / 2**20
    peak = single_stream.added_memory(path, np.zeros((1, 32, 32, 1), "uint8"))
    assert size / 2 < peak < 10 * size


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (["--parts", "speed"], "unknown part 'speed'"),
        (["--formats", "tflite"], "unknown format 'tflite'"),
        (["--queries", "0"], "queries must be a whole number of at least 1"),
        (["--seconds", "-1"], "seconds must be a finite number above 0"),
        (["tiny_imagenet20"], "tiny_imagenet20 has no study of devices: try mnist or cifar100"),
        (["cifar11"], "cifar11 has no recipes: try"),
    ],
)
def test_bad_input(arguments, sentence, capsys):
    with pytest.raises(SystemExit):
        command.main(["deploy", *arguments])
    assert sentence in capsys.readouterr().err
