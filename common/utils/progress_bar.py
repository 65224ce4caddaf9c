"""Progress bar on standard output, by tqdm."""

import contextlib
import shutil
import sys
import threading

from tqdm import tqdm

_WIDE = (
    "{desc}: {percentage:3.0f}% {n_fmt}/{total_fmt} {unit}, {elapsed} so far, {remaining} left"
    "{postfix}"
)
_NARROW = "{percentage:3.0f}%, {remaining} left, {desc}{postfix}"  # tqdm cuts off its end
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
    stream = stream or sys.stdout  # None if it was closed
    on_terminal = stream is not None and stream.isatty()
    narrow = on_terminal and shutil.get_terminal_size().columns < 80
    return tqdm(
        total=total,
        initial=initial,
        desc=title,
        unit=unit,
        mininterval=0.5 if on_terminal else 5,
        delay=delay,
        unit_scale=unit_scale,
        smoothing=smoothing,
        file=stream,
        disable=_disabled or stream is None,
        dynamic_ncols=on_terminal,
        bar_format=_NARROW if narrow else _WIDE,
    )
