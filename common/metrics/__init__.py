"""Measures of logits, and paired significance tests. NumPy and SciPy, float64.

Imports nothing of this repository.
"""

from common.metrics.measures import (
    MEASURES,
    Measure,
    accuracy,
    accuracy_on,
    agreement,
    calibration_error,
    correct,
    entropy,
    errors,
    mean_average_precision,
    measures_for,
    negative_log_likelihood,
    summary,
    top_accuracy,
)
from common.metrics.paired_tests import holm, mcnemar, paired_t, ratio_interval

__all__ = [
    "MEASURES",
    "Measure",
    "accuracy",
    "accuracy_on",
    "agreement",
    "calibration_error",
    "correct",
    "entropy",
    "errors",
    "holm",
    "mcnemar",
    "mean_average_precision",
    "measures_for",
    "negative_log_likelihood",
    "paired_t",
    "ratio_interval",
    "summary",
    "top_accuracy",
]
