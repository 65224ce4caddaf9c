"""Paired tests of two models, correction for several tests, and the interval of a ratio."""

import numpy as np
from scipy import stats


def mcnemar(correct_a, correct_b):
    """Exact two-sided p-value of McNemar's paired test (McNemar 1947).

    Null hypothesis: a row that exactly one of the two models classifies correctly is equally
    likely to be classified correctly by either model.

    Args:
        correct_a, correct_b: (n,) booleans, whether each model is correct on each row.

    Returns:
        p in (0, 1]; 1 if the models never differ.

    Raises:
        ValueError: the numbers of rows differ.
    """
    correct_a, correct_b = np.asarray(correct_a, bool), np.asarray(correct_b, bool)
    if correct_a.shape != correct_b.shape:
        raise ValueError(f"the models have {correct_a.shape} and {correct_b.shape} rows")
    only_a, only_b = np.sum(correct_a & ~correct_b), np.sum(correct_b & ~correct_a)
    if only_a + only_b == 0:
        return 1.0
    return float(stats.binomtest(int(only_a), int(only_a + only_b)).pvalue)


def paired_t(first, second):
    """Paired t-test: mean of first - second, its 95 % confidence interval, two-sided p-value.

    Args:
        first, second: (runs,) floats, in the same order of seeds.

    Returns:
        (mean, low, high, p); p is 1 if all pairs are equal. Interval and p are nan if the
        variance cannot be estimated: one pair, or the same difference in all pairs.

    Raises:
        ValueError: there are no runs, or the numbers of runs differ.
    """
    first, second = _paired(first, second)
    difference = first - second
    if len(difference) > 1 and not difference.any():
        return 0.0, 0.0, 0.0, 1.0
    rounding = 1e-9 * np.abs(np.concatenate([first, second])).max()
    if np.ptp(difference) <= rounding:
        return float(difference[0]), np.nan, np.nan, np.nan
    test = stats.ttest_1samp(difference, 0)
    low, high = test.confidence_interval(0.95)
    return float(difference.mean()), float(low), float(high), float(test.pvalue)


def holm(p_values):
    """Holm's step-down correction for several tests (Holm 1979): adjusted p-values.

    Args:
        p_values: (n,) floats; nan, of a test that could not be made, is not counted.

    Returns:
        (n,) floats: at most 1, nan where the p-value is.
    """
    p_values = np.asarray(p_values, float)
    adjusted, made = np.full(len(p_values), np.nan), np.flatnonzero(~np.isnan(p_values))
    order = made[np.argsort(p_values[made], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(factors * p_values[order]), 1)
    return adjusted


def ratio_interval(first, second, level=0.95):
    """Confidence interval of the ratio of two means, of values paired by run (Fieller 1954).

    It holds the ratios r for which the mean of first - r * second does not differ significantly
    from 0 (Student's t), so that the variances of both means and their covariance count.

    Args:
        first, second: (runs,) floats, in the same order of seeds.
        level: confidence level, between 0 and 1.

    Returns:
        (low, high), floats. nan for one run, for a constant ratio, and if the mean of `second`
        does not differ significantly from 0: then the interval has no bounds.

    Raises:
        ValueError: there are no runs, or the numbers of runs differ.
    """
    first, second = _paired(first, second)
    if len(second) == 1 or second.mean() == 0:
        return np.nan, np.nan
    runs, ratio = len(first), first.mean() / second.mean()
    if np.allclose(first, ratio * second, rtol=1e-9, atol=0):
        return np.nan, np.nan
    of_means = np.cov(first, second) / runs * stats.t.ppf((1 + level) / 2, runs - 1) ** 2
    # r solves a r² - 2 b r + c = 0
    a = second.mean() ** 2 - of_means[1, 1]
    b = first.mean() * second.mean() - of_means[0, 1]
    c = first.mean() ** 2 - of_means[0, 0]
    if a <= 0:
        return np.nan, np.nan
    half = np.sqrt(b**2 - a * c)  # the ratio of the means is inside
    return float((b - half) / a), float((b + half) / a)


def _paired(first, second):
    """Both as float64 arrays; ValueError unless they have the same number of runs, at least one."""
    first, second = np.asarray(first, float), np.asarray(second, float)
    if first.shape != second.shape or not first.size:
        raise ValueError(f"runs cannot be paired: {first.shape} and {second.shape}")
    return first, second
