"""Simulated schedule of a study's runs on any number of workers, from recorded times."""

import heapq

WORKERS = (1, 2, 4, 8, 16, 32, 64)  # rows of the table
_HOUR = 3600


def table(name, records):
    """Markdown: duration of all runs of a data set by number of workers, and its lower bound.

    Args:
        name: of the data set.
        records: as in `recorded_tasks`.
    """
    from common import results

    tasks = recorded_tasks(records)
    longest, chain = critical_path(tasks)
    seconds = {str(count): makespan(tasks, count) for count in WORKERS}
    seconds[f"any number: {', then '.join(chain)}"] = longest
    rows = [
        [count, f"{value / _HOUR:.1f}", f"{seconds['1'] / value:.1f} times"]
        for count, value in seconds.items()
    ]
    title = f"workers, simulated on the times of {len(tasks):,} runs of {name}"
    return results.markdown([title, "hours", "as fast as one worker"], rows)


def recorded_tasks(records):
    """{name of a run: (seconds, name of its teacher's run or None)} of records.

    The time of runs that trained side by side is divided evenly among them.

    Args:
        records: list of dict, as in `runs.records.load_all`.
    """
    tasks = {}
    for record in records:
        teacher = (record["configuration"].get("teacher") or "").partition("@")[0]
        seconds = record["seconds"] / record.get("trained_side_by_side", 1)
        tasks[f"{record['run']}-seed{record['seed']}"] = (seconds, teacher or None)
    return {name: (s, t if t in tasks else None) for name, (s, t) in tasks.items()}


def critical_path(tasks):
    """(seconds, names) of the longest chain of tasks that wait for each other.

    Args:
        tasks: {name: (seconds, name of the task that comes before, or None)}.
    """

    def chain(name):
        seconds, before = tasks[name]
        earlier, names = chain(before) if before else (0, [])
        return earlier + seconds, [*names, name]

    return max(chain(name) for name in tasks)


def makespan(tasks, workers):
    """Seconds until the last task ends, if a free worker takes the ready task of the longest chain.

    A task's chain is the longest sequence of tasks, itself included, that wait for each other.

    Args:
        tasks: as in `critical_path`.
        workers: number of workers.
    """
    after = {}
    for name, (_, before) in tasks.items():
        after.setdefault(before, []).append(name)

    def remaining(name):
        return tasks[name][0] + max(map(remaining, after.get(name, ())), default=0)

    ready = [(-remaining(name), name) for name in after.get(None, ())]
    heapq.heapify(ready)
    now, running = 0.0, []
    while ready or running:
        while ready and len(running) < workers:
            _, name = heapq.heappop(ready)
            heapq.heappush(running, (now + tasks[name][0], name))
        now, finished = heapq.heappop(running)
        for name in after.get(finished, ()):
            heapq.heappush(ready, (-remaining(name), name))
    return now
