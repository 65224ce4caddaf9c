"""Timing of calls on a shared machine: interleaved repeats, medians, ratios."""

import statistics
import sys
import time

from common.utils.progress_bar import progress_bar


def interleaved(calls, repeats, clock=time.perf_counter, warm_up=2):
    """Time each call `repeats` times in turn, after a few untimed calls of each.

    A slowdown of the machine then affects all calls alike. Progress goes to standard error, the
    table to standard output.

    Args:
        calls: {name: function without arguments that returns when its work is done}; a float
            that it returns is used as its seconds.
        repeats: timed calls of each.
        clock: function that returns seconds; `time.process_time` ignores other programs.
        warm_up: untimed calls of each.

    Returns:
        {name: list of `repeats` seconds}.
    """
    turns = [*calls.items()] * (repeats + warm_up)
    seconds = {name: [] for name in calls}
    with progress_bar(len(turns), "timing each in turn", "calls", stream=sys.stderr) as bar:
        for name, call in turns:
            start = clock()
            result = call()
            elapsed = clock() - start
            seconds[name].append(result if isinstance(result, float) else elapsed)
            bar.update()
    return {name: values[warm_up:] for name, values in seconds.items()}


def per_second(seconds, count):
    """List of count / seconds for each repeat."""
    return [count / value for value in seconds]


def rates(seconds, count):
    """(median, minimum, maximum) of count / seconds."""
    values = per_second(seconds, count)
    return statistics.median(values), min(values), max(values)


def ratio(seconds, reference):
    """Median over the repeats of seconds / reference; the two of a repeat are neighbors in time."""
    pairs = zip(seconds, reference, strict=True)
    return statistics.median(a / b for a, b in pairs)
