"""Several steps as one computation: the same numbers as one by one, in fewer dispatches."""

import types

import numpy as np
import pytest

from common import fused, machine
from common.backend import keras


@pytest.mark.parametrize(
    ("steps", "length"),
    [(1, 1), (7, 7), (32, 32), (97, 32), (128, 64), (390, 39), (703, 37), (781, 11)],
)
def test_length_leaves_nothing_over_where_it_can(steps, length):
    assert fused.length(steps) == length


def test_steps_in_one_dispatch_are_the_steps_one_by_one():
    pytest.importorskip("jax")
    batches = [{"x": np.float32([n, n + 1])} for n in range(7)]
    compiled = []

    def step(state, batch):
        compiled.append(batch["x"])
        (total, seen), values = state, batch["x"]
        return {"loss": values.sum() + total}, (total + values[0] * values[1], seen + 1)

    taken = []
    dispatch, iterator = fused.train_function(step, 3), map(noted(taken), batches)
    state, total, losses = (np.float32(0), np.int32(0)), 0.0, []
    for batch in batches:
        losses.append(float(batch["x"].sum() + total))
        total += float(batch["x"].prod())
    for seen, made in ((3, 6), (6, 7), (7, 7)):
        logs, state = dispatch(state, iterator)
        assert int(state[1]) == seen and float(logs["loss"]) == losses[seen - 1]
        assert len(taken) == made  # the next ones too, while the device computes
    assert float(state[0]) == total
    assert len(compiled) == 1  # for three together and for the one left over
    with pytest.raises(StopIteration):
        dispatch(state, iterator)


def noted(taken):
    return lambda batch: taken.append(batch) or batch


def test_what_is_left_of_an_iterator_is_not_another_ones():
    pytest.importorskip("jax")
    dispatch = fused.train_function(lambda state, x: ({"seen": x}, state + x), 2)
    first, second = (iter(np.float32([n, n + 1, n + 2, n + 3])) for n in (0, 10))
    assert float(dispatch(np.float32(0), first)[1]) == 0 + 1
    assert float(dispatch(np.float32(0), second)[1]) == 10 + 11
    assert float(dispatch(np.float32(0), second)[1]) == 12 + 13


def test_free_memory_of_a_gpu(monkeypatch):
    jax = pytest.importorskip("jax")
    monkeypatch.setattr(keras.config, "backend", lambda: "jax")
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    for told, free in (
        ({"bytes_limit": 90, "bytes_in_use": 20}, 70),
        (None, machine.UNKNOWN_MEMORY),  # by an allocator that keeps no statistics
        ({"bytes_in_use": 20}, machine.UNKNOWN_MEMORY),
    ):
        device = types.SimpleNamespace(memory_stats=lambda told=told: told)
        monkeypatch.setattr(jax, "local_devices", lambda device=device: [device])
        assert machine.gpu_memory() == free
