"""Multi-step dispatches: the same numbers as single steps, in fewer dispatches."""

import types

import numpy as np
import pytest

from common.backend import hardware, keras
from common.training.accelerated import multi_step


@pytest.mark.parametrize(
    ("steps", "per_dispatch"),
    [(1, 1), (7, 7), (32, 32), (97, 32), (128, 64), (390, 39), (703, 37), (781, 11)],
)
def test_steps_per_dispatch_divide_the_epoch_if_possible(steps, per_dispatch):
    assert multi_step.choose_steps_per_dispatch(steps) == per_dispatch


class Batches(keras.utils.PyDataset):
    """`count` batches ({"x": (2,)},), counting from `first`; `taken` lists the indices read."""

    def __init__(self, count, first=0):
        super().__init__()
        self.each = [np.float32([n, n + 1]) for n in range(first, first + count)]
        self.taken = []

    def __len__(self):
        return len(self.each)

    def __getitem__(self, index):
        self.taken.append(index)
        return ({"x": self.each[index]},)


def stacks(batches, steps_per_dispatch):
    """An iterator of all stacks, as Keras makes it."""
    stacked = multi_step.StackedBatches(batches, steps_per_dispatch)
    return (stacked[index] for index in range(len(stacked)))


def test_stacks_hold_each_batch_once():
    stacked = list(stacks(Batches(7), 3))
    assert [stack["x"].shape for (stack,) in stacked] == [(3, 2), (3, 2), (1, 2)]
    joined = np.concatenate([stack["x"] for (stack,) in stacked])
    np.testing.assert_array_equal(joined, Batches(7).each)


def test_steps_of_a_dispatch_equal_single_steps():
    pytest.importorskip("jax")
    batches, compiled = Batches(7), []

    def step(state, batch):
        compiled.append(batch)
        (total, count), values = state, batch[0]["x"]
        return {"loss": values.sum() + total}, (total + values[0] * values[1], count + 1)

    dispatch, iterator = multi_step.train_function(step), stacks(batches, 3)
    state, total, losses = (np.float32(0), np.int32(0)), 0.0, []
    for values in batches.each:
        losses.append(float(values.sum() + total))
        total += float(values.prod())
    for steps, taken in ((3, 6), (6, 7), (7, 7)):
        logs, state = dispatch(state, iterator)
        assert int(state[1]) == steps and float(logs["loss"]) == losses[steps - 1]
        assert len(batches.taken) == taken  # the next stack too, while the device computes
    assert float(state[0]) == total
    assert len(compiled) == 1  # for stacks of three and of one
    with pytest.raises(StopIteration):
        dispatch(state, iterator)


def test_prefetched_stack_is_not_used_for_another_iterator():
    pytest.importorskip("jax")
    dispatch = multi_step.train_function(lambda state, batch: ({}, state + batch[0]["x"][0]))
    first, second = (stacks(Batches(4, first), 2) for first in (0, 10))
    assert float(dispatch(np.float32(0), first)[1]) == 0 + 1
    assert float(dispatch(np.float32(0), second)[1]) == 10 + 11
    assert float(dispatch(np.float32(0), second)[1]) == 12 + 13


def test_free_memory_of_a_gpu(monkeypatch):
    jax = pytest.importorskip("jax")
    monkeypatch.setattr(keras.config, "backend", lambda: "jax")
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    for stats, free in (
        ({"bytes_limit": 90, "bytes_in_use": 20}, 70),
        (None, hardware.ASSUMED_GPU_MEMORY),  # some allocators have no statistics
        ({"bytes_in_use": 20}, hardware.ASSUMED_GPU_MEMORY),
    ):
        device = types.SimpleNamespace(memory_stats=lambda stats=stats: stats)
        monkeypatch.setattr(jax, "local_devices", lambda device=device: [device])
        assert hardware.gpu_memory() == free
