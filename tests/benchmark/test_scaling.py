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


def test_the_table_of_the_simulation():
    """Ten hours in turn; two workers six, which no number of workers can fall below."""
    records = [
        {"run": name, "seed": 0, "configuration": {"teacher": before and f"{before}-seed0@01"}}
        | {"seconds": 3600 * hours}
        for name, (hours, before) in GRAPH.items()
    ]
    lines = schedule.table("mnist", records).splitlines()
    assert lines[0].startswith("| workers, simulated on the times of 4 runs of mnist | hours |")
    assert lines[2:4] == ["| 1 | 10.0 | 1.0 times |", "| 2 | 6.0 | 1.7 times |"]
    assert lines[-1] == "| any number: teacher-seed0, then a-seed0 | 6.0 | 1.7 times |"


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
