"""A progress line on standard output."""

import sys

from tqdm import tqdm


def bar(total, title, unit, done=0, delay=0, scaled=False):
    """A tqdm line on standard output, shown after `delay` seconds.

    Updates are rarer where no terminal redraws the line. `scaled` writes 1,400,000 as 1.40M.
    """
    seconds = 0.5 if sys.stdout.isatty() else 10
    return tqdm(
        total=total,
        initial=done,
        desc=title,
        unit=unit,
        mininterval=seconds,
        delay=delay,
        unit_scale=scaled,
        file=sys.stdout,
        dynamic_ncols=sys.stdout.isatty(),
        bar_format="{desc}: {percentage:3.0f}% {n_fmt}/{total_fmt} {unit}, {elapsed} so far, "
        "{remaining} left{postfix}",
    )
