"""Several steps as one computation: the same numbers as one by one, in fewer dispatches."""

import numpy as np
import pytest

from common import fused


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

    dispatch, iterator = fused.train_function(step, 3), iter(batches)
    state, total, losses = (np.float32(0), np.int32(0)), 0.0, []
    for batch in batches:
        losses.append(float(batch["x"].sum() + total))
        total += float(batch["x"].prod())
    for seen in (3, 6, 7):
        logs, state = dispatch(state, iterator)
        assert int(state[1]) == seen and float(logs["loss"]) == losses[seen - 1]
    assert float(state[0]) == total
    assert len(compiled) == 2  # three together, and the one left over
    with pytest.raises(StopIteration):
        dispatch(state, iterator)
