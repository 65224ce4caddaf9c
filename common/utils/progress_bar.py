"""Progress bar on standard output, by tqdm."""

import contextlib
import sys
import threading

from tqdm import tqdm

tqdm.set_lock(threading.RLock())  # its default is a semaphore, which a killed process leaves
_disabled = False


@contextlib.contextmanager
def hidden():
    """Context without progress bars, for worker processes."""
    global _disabled
    before, _disabled = _disabled, True
    try:
        yield
    finally:
        _disabled = before


def progress_bar(
    total, title, unit, initial=0, delay=0, unit_scale=False, stream=None, smoothing=0.3
):
    """A tqdm bar, a context manager with `update(count)`.

    Args:
        total: number of units of the full task.
        title: text before the percentage.
        unit: name of the unit, such as "images".
        initial: number of units that are already done.
        delay: seconds before the bar appears.
        unit_scale: whether 1,400,000 is written as 1.40M.
        stream: output stream, default standard output; updated every 0.5 s on a terminal, every
            5 s elsewhere.
        smoothing: weight of the latest rate in the estimate of the time left, in [0, 1]; 0 for
            the mean rate.
    """
    stream = stream or sys.stdout
    seconds = 0.5 if stream.isatty() else 5
    return tqdm(
        total=total,
        initial=initial,
        desc=title,
        unit=unit,
        mininterval=seconds,
        delay=delay,
        unit_scale=unit_scale,
        smoothing=smoothing,
        file=stream,
        disable=_disabled,
        dynamic_ncols=stream.isatty(),
        bar_format="{desc}: {percentage:3.0f}% {n_fmt}/{total_fmt} {unit}, {elapsed} so far, "
        "{remaining} left{postfix}",
    )
