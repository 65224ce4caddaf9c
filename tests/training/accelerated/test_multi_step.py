"""Several steps as one computation: the same numbers as one by one, in fewer dispatches."""

import types

import numpy as np
import pytest

from common.backend import hardware, keras
from common.training.accelerated import multi_step


@pytest.mark.parametrize(
    ("steps", "length"),
    [(1, 1), (7, 7), (32, 32), (97, 32), (128, 64), (390, 39), (703, 37), (781, 11)],
)
def test_length_leaves_nothing_over_where_it_can(steps, length):
    assert multi_step.choose_steps_per_dispatch(steps) == length


class Batches(keras.utils.PyDataset):
    """So many batches ({"x": (2,)},), counting from `first`; `taken` has what was asked for."""

    def __init__(self, count, first=0):
        super().__init__()
        self.each = [np.float32([n, n + 1]) for n in range(first, first + count)]
        self.taken = []

    def __len__(self):
        return len(self.each)

    def __getitem__(self, index):
        self.taken.append(index)
        return ({"x": self.each[index]},)


def blocks(batches, together):
    """An iterator of all blocks, as Keras makes it."""
    made = multi_step.StackedBatches(batches, together)
    return (made[index] for index in range(len(made)))


def test_blocks_hold_each_batch_once():
    made = list(blocks(Batches(7), 3))
    assert [block["x"].shape for (block,) in made] == [(3, 2), (3, 2), (1, 2)]
    together = np.concatenate([block["x"] for (block,) in made])
    np.testing.assert_array_equal(together, Batches(7).each)


def test_steps_in_one_dispatch_are_the_steps_one_by_one():
    pytest.importorskip("jax")
    batches, compiled = Batches(7), []

    def step(state, batch):
        compiled.append(batch)
        (total, seen), values = state, batch[0]["x"]
        return {"loss": values.sum() + total}, (total + values[0] * values[1], seen + 1)

    dispatch, iterator = multi_step.train_function(step), blocks(batches, 3)
    state, total, losses = (np.float32(0), np.int32(0)), 0.0, []
    for values in batches.each:
        losses.append(float(values.sum() + total))
        total += float(values.prod())
    for seen, made in ((3, 6), (6, 7), (7, 7)):
        logs, state = dispatch(state, iterator)
        assert int(state[1]) == seen and float(logs["loss"]) == losses[seen - 1]
        assert len(batches.taken) == made  # the next ones too, while the device computes
    assert float(state[0]) == total
    assert len(compiled) == 1  # for three together and for the one left over
    with pytest.raises(StopIteration):
        dispatch(state, iterator)


def test_what_is_left_of_an_iterator_is_not_another_ones():
    pytest.importorskip("jax")
    dispatch = multi_step.train_function(lambda state, batch: ({}, state + batch[0]["x"][0]))
    first, second = (blocks(Batches(4, first), 2) for first in (0, 10))
    assert float(dispatch(np.float32(0), first)[1]) == 0 + 1
    assert float(dispatch(np.float32(0), second)[1]) == 10 + 11
    assert float(dispatch(np.float32(0), second)[1]) == 12 + 13


def test_free_memory_of_a_gpu(monkeypatch):
    jax = pytest.importorskip("jax")
    monkeypatch.setattr(keras.config, "backend", lambda: "jax")
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    for told, free in (
        ({"bytes_limit": 90, "bytes_in_use": 20}, 70),
        (None, hardware.ASSUMED_GPU_MEMORY),  # by an allocator that keeps no statistics
        ({"bytes_in_use": 20}, hardware.ASSUMED_GPU_MEMORY),
    ):
        device = types.SimpleNamespace(memory_stats=lambda told=told: told)
        monkeypatch.setattr(jax, "local_devices", lambda device=device: [device])
        assert hardware.gpu_memory() == free
