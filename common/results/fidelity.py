"""Fidelity of a student to its teacher (Stanton et al. 2021, arXiv:2106.05945), from records.

Measures: how often the two agree, and how many of the teacher's mistakes the student corrects or
copies.
"""

import numpy as np

from common import metrics
from common.results import tables, wording

_OF_RECORDS = ("errors", "negative_log_likelihood", "calibration_error")


def predictions(record, labels):
    """Classes that a recorded model predicts on the test images, (n,) integers.

    Args:
        record: as `records.read` returns it.
        labels: (n,) integers, the test split's.

    Raises:
        ValueError: the record is old and has no wrong predictions.
    """
    test, classes = record["test"], np.array(labels)
    if "wrong_answers" not in test:
        name = f"{record['run']}-seed{record['seed']}"
        raise ValueError(f"the record of {name} has no wrong predictions: delete it, train again")
    classes[test["wrong"]] = test["wrong_answers"]
    return classes


def agreement(student, teacher, labels):
    """Fraction of images, in [0, 1], on which student and teacher predict the same class.

    Here and below: student, teacher: (n,) predicted classes; labels: (n,) integers.
    """
    return np.mean(np.asarray(student) == teacher)


def corrected_mistakes(student, teacher, labels):
    """Student's accuracy, in [0, 1], on the images that the teacher gets wrong; nan if none."""
    return metrics.accuracy_on(np.asarray(teacher) != labels, student, labels)


def copied_mistakes(student, teacher, labels):
    """Fraction of the teacher's mistakes, in [0, 1], that the student repeats; nan if none."""
    return metrics.accuracy_on(np.asarray(teacher) != labels, student, teacher)


MEASURES = (  # of predicted classes
    metrics.Measure("agreement", agreement, "agreement %", 2, 100),
    metrics.Measure(
        "corrected_mistakes", corrected_mistakes, "teacher's mistakes corrected %", 1, 100
    ),
    metrics.Measure("copied_mistakes", copied_mistakes, "teacher's mistakes copied %", 1, 100),
)
COLUMNS = tuple(m for m in metrics.MEASURES if m.key in _OF_RECORDS) + MEASURES


def measures(group, teacher, labels):
    """Test measures of a group against a teacher: {key: (seeds,) floats} of all `COLUMNS`.

    Args:
        group: SeedGroup, distilled from this teacher or not.
        teacher: (n,) classes that the teacher predicts.
        labels: (n,) integers.

    Raises:
        ValueError: as `predictions`.
    """
    students = [predictions(group.seeds[seed], labels) for seed in sorted(group.seeds)]
    values = {key: group.values(key) for key in _OF_RECORDS}
    for measure in MEASURES:
        values[measure.key] = np.array([measure.function(s, teacher, labels) for s in students])
    return values


def gain(measure, group, baseline, teacher, labels):
    """Difference of a group from its baseline in words, such as `+12 points (p = 0.01)`.

    Args:
        measure: key of a measure in [0, 1], such as "copied_mistakes"; points are percentage
            points.
        group, baseline: SeedGroup of the same seeds; they are paired by seed.
        teacher, labels: as in `measures`.
    """
    both = [measures(each, teacher, labels)[measure] for each in (group, baseline)]
    if np.isnan(both).any():
        return "the teacher makes no mistake"
    points, _, _, p = metrics.paired_t(*both)
    return f"{100 * points:+.0f} points{wording.p_inline(p)}"


def table(title, rows, labels):
    """Markdown table of fidelity: a row per student, mean ± sd over seeds.

    Args:
        title: header of the row labels.
        rows: list of (label, SeedGroup, (n,) classes that its teacher predicts).
        labels: (n,) integers, the test split's.
    """
    lines = []
    for label, group, teacher in rows:
        values = measures(group, teacher, labels)
        lines.append([label, *(tables.measure_cell(m, values[m.key]) for m in COLUMNS)])
    return tables.markdown([title, *(measure.column for measure in COLUMNS)], lines)


def equivalent_fraction(fractions, errors, wanted):
    """Fraction of the training images at which errors would fall to `wanted`, interpolated.

    Between neighboring fractions, errors are assumed to follow a power law (a line on log-log
    axes), and never to rise with more images.

    Args:
        fractions: (n,) ascending floats.
        errors: (n,) floats above 0, at each fraction.
        wanted: errors above 0.

    Returns:
        float in [fractions[0], fractions[-1]]; the nearer end if `wanted` lies outside.
    """
    falling = np.minimum.accumulate(np.asarray(errors, float))[::-1]
    log_fraction = np.interp(np.log(wanted), np.log(falling), np.log(fractions)[::-1])
    return float(np.exp(log_fraction))
