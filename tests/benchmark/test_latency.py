"""Costs of networks: counted from the models, timed with a fake clock."""

import pytest

from cifar100 import recipes, tables
from common import models, results
from common.benchmark import __main__ as command
from common.benchmark import keras_steps, latency
from common.models import cost
from common.results import costs
from common.runs import ModelSpec, Recipe


def test_costs_of_a_network(monkeypatch):
    monkeypatch.setattr(keras_steps, "use_threads", lambda count: None)  # TensorFlow runs already
    ticks = iter(range(1000))
    monkeypatch.setattr(latency.time, "process_time", lambda: next(ticks))
    nets = [
        ModelSpec("mlp", Recipe(), "one", {"width": 8}),
        ModelSpec("mlp", Recipe(), "same", {"width": 8}),
    ]
    measured = latency.measure(nets, (8, 8, 1), 3, 2)
    parameters = 64 * 8 + 8 + 8 * 8 + 8 + 8 * 3 + 3
    expected = {"parameters": parameters, "multiply_adds": 64 * 8 + 8 * 8 + 8 * 3}
    assert measured["nets"] == {"mlp width 8": expected | {"milliseconds": 1000.0}}
    assert f"| mlp width 8 | {parameters:,} | 0.0 | 1000.0 |" in costs.table(measured)


def test_committed_costs_cover_every_network():
    committed = costs.read(tables.FOLDER)["nets"]
    nets = [*recipes.TEACHERS.values(), *recipes.STUDENTS.values()]
    named = {results.display_name({"model": n.model, "options": n.options}): n for n in nets}
    assert set(committed) == set(named)
    for name in ("vgg8 pools 3", "resnet20", "mlp"):
        net = named[name]
        model = models.build(net.model, (32, 32, 3), 100, **net.options)
        assert committed[name]["parameters"] == cost.parameters(model)
        assert committed[name]["multiply_adds"] == cost.multiply_adds(model)
    assert all(net["milliseconds"] > 0 for net in committed.values())


def test_bad_input(capsys):
    with pytest.raises(SystemExit):
        command.main(["latency", "cifar10"])
    assert "cifar10 has no recipes: try cifar100" in capsys.readouterr().err
