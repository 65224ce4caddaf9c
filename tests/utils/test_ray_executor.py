"""The start of a local Ray, with made-up answers in place of Ray."""

import types

import pytest

from common.utils import ray_executor

SLOW = "The current node timed out during startup."


@pytest.mark.parametrize(("problem", "starts"), [(SLOW, 2), ("no space left on device", 1)])
def test_only_a_start_that_takes_too_long_is_repeated(monkeypatch, problem, starts):
    begun = []

    def init(**_):
        begun.append(problem)
        raise RuntimeError(problem)

    ray = types.SimpleNamespace(init=init, shutdown=lambda: None)
    monkeypatch.setattr(ray_executor, "_import_ray", lambda: ray)
    with pytest.raises(ValueError, match=f"cannot start a local Ray: {problem}"):
        ray_executor.RayExecutor()
    assert len(begun) == starts
