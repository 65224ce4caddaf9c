"""Scaling benchmark: schedules of task graphs whose best length is known, rows, refusals."""

import argparse
import dataclasses

import pytest

from common.benchmark import scaling, schedule, tables

GRAPH = {"teacher": (4, None), "other": (3, None), "a": (2, "teacher"), "b": (1, "teacher")}


def test_schedules_of_a_small_graph():
    """Two workers: teacher and other, then a beside b; one: in turn; many: the critical path."""
    assert schedule.critical_path(GRAPH) == (6, ["teacher", "a"])
    assert [schedule.makespan(GRAPH, n) for n in (1, 2, 3, 64)] == [10, 6, 6, 6]
    assert schedule.makespan({str(n): (1, None) for n in range(7)}, 3) == 3


def test_the_bounds_of_every_schedule():
    """Graham 1969: below twice the larger of total / workers and the critical path."""
    tasks = {f"t{n}": (1 + n % 3, None) for n in range(5)}
    tasks |= {f"s{n}": (1 + n % 7, f"t{n % 5}") for n in range(40)}
    total, (longest, _) = sum(t for t, _ in tasks.values()), schedule.critical_path(tasks)
    for workers in (1, 2, 5, 40):
        least = max(total / workers, longest)
        assert least <= schedule.makespan(tasks, workers) <= 2 * least


def test_times_of_runs_side_by_side_are_divided():
    teacher = {"run": "t", "seed": 0, "configuration": {"teacher": None}, "seconds": 10}
    student = {"run": "s", "seed": 1, "configuration": {"teacher": "t-seed0@0123"}, "seconds": 6}
    student["trained_side_by_side"] = 3
    tasks = {"t-seed0": (10, None), "s-seed1": (2, "t-seed0")}
    assert schedule.recorded_tasks([teacher, student]) == tasks
    assert schedule.recorded_tasks([student]) == {"s-seed1": (2, None)}


def test_the_simulation_has_a_row_for_each_number_of_workers():
    rows = list(scaling.PARTS["simulation"](argparse.Namespace()))
    seconds = [row.ours[0] for row in rows]
    assert len(rows) == len(scaling.WORKERS) and seconds == sorted(seconds, reverse=True)
    bound = float(rows[0].aim.split()[4])
    assert seconds[-1] >= bound - 1 and rows[0].theirs[0] / 2 <= seconds[0]


def test_a_substitute_of_mnist_is_not_written(few):
    tables.require_dataset(few, "mnist")
    with pytest.raises(ValueError, match="only mnist5k, of which no table is written"):
        tables.require_dataset(dataclasses.replace(few, name="mnist5k"), "mnist")


def test_wrong_options_are_refused():
    options = {"parts": [], "repeats": 1, "small": True, "write": True}
    with pytest.raises(ValueError, match="leave out --write"):
        scaling.run(argparse.Namespace(**options))
    with pytest.raises(ValueError, match="unknown part 'all'"):
        scaling.run(argparse.Namespace(**options | {"parts": ["all"]}))
