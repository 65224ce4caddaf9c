"""Numbers and comparisons in words: mean ± sd, confidence intervals, p-values, captions."""

import numpy as np

from common import metrics
from common.results.groups import compare


def mean_sd(values, digits=1, scale=1):
    """`mean ± sd` of values times `scale`; the sample sd, left out for a single value."""
    values = np.asarray(values, float) * scale
    mean = f"{values.mean():.{digits}f}"
    return f"{mean} ± {values.std(ddof=1):.{digits}f}" if len(values) > 1 else mean


def three_digits(value):
    """A number with three significant digits, from 1,000 on with all digits before the point."""
    return f"{value:,.0f}" if abs(value) >= 999.5 else f"{value:.3g}"


def confidence_interval(values, digits=1, scale=1):
    """95 % confidence interval of the mean of values times `scale` (Student's t), `low to high`.

    Empty if the variance cannot be estimated.
    """
    _, low, high, _ = metrics.paired_t(np.asarray(values, float) * scale, np.zeros(len(values)))
    return "" if np.isnan(low) else f"{low:.{digits}f} to {high:.{digits}f}"


def p_value(p):
    """p-value in a table's cell; empty for nan, that is, too few seeds for a test."""
    if np.isnan(p):
        return ""
    return "< 0.0001" if p < 1e-4 else f"{p:.2g}" if p < 0.1 else f"{p:.2f}"


def p_inline(p, without=" (too few seeds to test)"):
    """p-value within a sentence, such as ` (p = 0.0004)`; `without` for nan."""
    p = p_value(p)
    if not p:
        return without
    return f" (p {p})" if p.startswith("<") else f" (p = {p})"


def describe_reduction(group, baseline):
    """Error reduction in words, such as `21 % fewer errors (p = 0.0004)`.

    Raises:
        ValueError: no seed in common.
    """
    comparison = compare(group, baseline)
    reduction = comparison.error_reduction
    if np.isnan(reduction):
        return f"errors, where the baseline makes none{p_inline(comparison.p)}"
    if reduction < -1:  # beyond twice the errors a multiple is easier to read
        return f"{1 - reduction:.1f} times as many errors{p_inline(comparison.p)}"
    if abs(reduction) < 0.005:
        return f"equally many errors{p_inline(comparison.p)}"
    word = "fewer" if reduction >= 0 else "more"
    return f"{100 * abs(reduction):.0f} % {word} errors{p_inline(comparison.p)}"


def describe_sweep(sweep):
    """Best and worst temperature of a sweep in words, by mean test errors.

    Args:
        sweep: list of SeedGroup, as `temperature_sweep` returns it.
    """
    means = [group.values("errors").mean() for group in sweep]
    low, high = (
        sweep[i].configuration["temperature"] for i in (np.argmin(means), np.argmax(means))
    )
    return f"{min(means):.0f} test errors at T = {low:g}, {max(means):.0f} at T = {high:g}"


def display_name(configuration):
    """Model, options and fraction of the images, such as `cnn width 0.05, 4 % of images`."""
    options = [f"{key} {_short(value)}" for key, value in sorted(configuration["options"].items())]
    fraction = configuration.get("transfer_set", {}).get("share", 1)
    images = f", {100 * fraction:g} % of images" if fraction < 1 else ""
    return " ".join([configuration["model"], *options]) + images


def _short(value):
    """A number without trailing zeros; another option, such as a list, as Python prints it."""
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)


def caption(groups):
    """Data set and its size, such as `mnist, 10,000 test images`, of groups on one data set."""
    if not groups:
        return "no runs yet"
    record = next(iter(groups[0].seeds.values()))
    name, images = record["configuration"]["dataset"], record["images"]
    train = f", {images['train']:,} train" if record["configuration"]["limit"] else ""
    return f"{name}{train}, {images['test']:,} test images"
