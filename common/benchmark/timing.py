"""Compare the speed of calls on a machine that others use: interleaved repeats, medians."""

import statistics
import sys
import time

from common.utils.progress_bar import progress_bar


def interleaved(calls, repeats, clock=time.perf_counter):
    """Time each call `repeats` times in turn, after two untimed calls of each.

    What slows the machine for a while then slows every contender alike. Progress goes to
    standard error, for the table is on standard output.

    Args:
        calls: {name: function without arguments that returns when its work is done}; where it
            returns a number, that is taken for its seconds.
        clock: gives seconds; `time.process_time` leaves out what other programs took.

    Returns:
        {name: list of `repeats` seconds}.
    """
    turns = [*calls.items()] * (repeats + 2)
    seconds = {name: [] for name in calls}
    with progress_bar(len(turns), "timing each in turn", "calls", stream=sys.stderr) as shown:
        for name, call in turns:
            start = clock()
            told = call()
            seconds[name].append(told if isinstance(told, float) else clock() - start)
            shown.update()
    return {name: values[2:] for name, values in seconds.items()}


def per_second(seconds, count):
    """Count / seconds of each repeat."""
    return [count / value for value in seconds]


def rates(seconds, count):
    """(median, least, greatest) of count / seconds."""
    each = per_second(seconds, count)
    return statistics.median(each), min(each), max(each)


def ratio(seconds, reference):
    """Median over the repeats of seconds / reference, each taken right after the other."""
    pairs = zip(seconds, reference, strict=True)
    return statistics.median(one / other for one, other in pairs)
