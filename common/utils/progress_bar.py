"""A progress line."""

import sys

from tqdm import tqdm


def progress_bar(total, title, unit, initial=0, delay=0, unit_scale=False, stream=None):
    """A tqdm line on standard output, or on `stream`, shown after `delay` seconds.

    Updates are rarer where no terminal redraws the line. `unit_scale` writes 1,400,000 as 1.40M.
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
        file=stream,
        dynamic_ncols=stream.isatty(),
        bar_format="{desc}: {percentage:3.0f}% {n_fmt}/{total_fmt} {unit}, {elapsed} so far, "
        "{remaining} left{postfix}",
    )
