"""Groups of records, one a configuration: mean ± standard deviation over seeds, paired tests."""

import numpy as np

from common import metrics
from common.results.groups import compare


def mean_sd(values, digits=1, scale=1):
    """`mean ± sd` of values times `scale`; the sd is the sample's, left out for one value."""
    values = np.asarray(values, float) * scale
    mean = f"{values.mean():.{digits}f}"
    return f"{mean} ± {values.std(ddof=1):.{digits}f}" if len(values) > 1 else mean


def confidence_interval(values, digits=1, scale=1):
    """95 % confidence interval of the mean of values times `scale` (Student's t), in words.

    Empty where the values tell nothing of their spread.
    """
    _, low, high, _ = metrics.paired_t(np.asarray(values, float) * scale, np.zeros(len(values)))
    return "" if np.isnan(low) else f"{low:.{digits}f} to {high:.{digits}f}"


def p_value(p):
    """p as tables print it; empty where the seeds allow no test."""
    if np.isnan(p):
        return ""
    return "< 0.0001" if p < 1e-4 else f"{p:.2g}" if p < 0.1 else f"{p:.2f}"


def p_inline(p, without=" (too few seeds to test)"):
    """p as sentences have it, such as ` (p = 0.0004)`; `without` where seeds allow no test."""
    p = p_value(p)
    if not p:
        return without
    return f" (p {p})" if p.startswith("<") else f" (p = {p})"


def describe_reduction(group, baseline):
    """The comparison in words, such as `21 % fewer errors (p = 0.0004)`."""
    difference = compare(group, baseline)
    fewer = difference.fewer
    if fewer < -1:  # a percentage of more than twice says less
        return f"{1 - fewer:.1f} times as many errors{p_inline(difference.p)}"
    word = "fewer" if fewer >= 0 else "more"
    return f"{100 * abs(fewer):.0f} % {word} errors{p_inline(difference.p)}"


def describe_sweep(sweep):
    """Best and worst temperature of a sweep in words, by mean test errors."""
    means = [group.values("errors").mean() for group in sweep]
    low, high = (
        sweep[i].configuration["temperature"] for i in (np.argmin(means), np.argmax(means))
    )
    return f"{min(means):.0f} errors at T = {low:g}, {max(means):.0f} at T = {high:g}"


def display_name(configuration):
    """Model, options and share of the images, such as `mlp` or `cnn width 0.05, 4 % of images`."""
    options = [f"{key} {value:g}" for key, value in sorted(configuration["options"].items())]
    share = configuration.get("transfer_set", {}).get("share", 1)
    part = f", {100 * share:g} % of images" if share < 1 else ""
    return " ".join([configuration["model"], *options]) + part


def caption(found):
    """The data set that groups are on and their size, such as `mnist, 10,000 test images`."""
    if not found:
        return "no runs yet"
    record = next(iter(found[0].seeds.values()))
    name, images = record["configuration"]["dataset"], record["images"]
    part = f", {images['train']:,} train" if record["configuration"]["limit"] else ""
    return f"{name}{part}, {images['test']:,} test images"
