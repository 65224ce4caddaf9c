"""What a student has of its teacher: measures of pairs, from records and the teacher's answers."""

import numpy as np

from common import metrics
from common.results import tables, wording

COLUMNS = {  # header: (measure, digits, scale)
    "errors": ("errors", 1, 1),
    "NLL": ("negative_log_likelihood", 4, 1),
    "calibration error %": ("calibration_error", 2, 100),
    "agrees with teacher %": ("agreement", 2, 100),
    "right where the teacher is wrong %": ("corrected", 1, 100),
    "gives the teacher's wrong answer %": ("repeated", 1, 100),
}


def answers(record, labels):
    """(n,) the classes that a recorded net names on the test images.

    Args:
        record: as `records.read` gives it.
        labels: (n,) integers, the test split's.

    Raises:
        ValueError: a record from before wrong answers were kept.
    """
    test, given = record["test"], np.array(labels)
    if "wrong_answers" not in test:
        name = f"{record['run']}-seed{record['seed']}"
        raise ValueError(f"the record of {name} holds no wrong answers: delete it, train again")
    given[test["wrong"]] = test["wrong_answers"]
    return given


def measures(group, teacher, labels):
    """{measure: (seeds,) floats} of a group on the test images, all measures of `COLUMNS`.

    `agreement` is the share of images on which student and teacher name the same class;
    `corrected` the student's accuracy on the images that the teacher gets wrong; `repeated`
    the share of these on which it names the very class that the teacher does.

    Args:
        group: results.SeedGroup, taught by this teacher or not.
        teacher: (n,) classes that the teacher names.
        labels: (n,) integers.
    """
    mistakes = np.asarray(teacher) != np.asarray(labels)
    own = [answers(group.seeds[seed], labels) for seed in sorted(group.seeds)]
    return {
        **{kind: group.values(kind) for kind, *_ in list(COLUMNS.values())[:3]},
        "agreement": np.array([np.mean(each == teacher) for each in own]),
        "corrected": np.array([metrics.accuracy_on(mistakes, each, labels) for each in own]),
        "repeated": np.array([metrics.accuracy_on(mistakes, each, teacher) for each in own]),
    }


def gain(measure, group, baseline, teacher, labels):
    """In words, how many points more of a share in `measures` a group has than its baseline.

    Args:
        group, baseline: results.SeedGroup of the same seeds, which are paired.
        teacher, labels: as in `measures`.
    """
    both = [measures(each, teacher, labels)[measure] for each in (group, baseline)]
    if np.isnan(both).any():
        return "the teacher makes no mistake"
    points, _, _, p = metrics.paired_t(*both)
    return f"{100 * points:+.0f} points{wording.p_inline(p)}"


def table(title, rows, labels):
    """Markdown: a line for each of the students, mean ± standard deviation over seeds.

    Args:
        title: what stands above the labels of the rows.
        rows: list of (label, results.SeedGroup, (n,) classes that its teacher names).
        labels: (n,) integers, the test split's.
    """
    lines = []
    for label, group, teacher in rows:
        found = measures(group, teacher, labels)
        cells = [wording.mean_sd(found[kind], *how) for kind, *how in COLUMNS.values()]
        lines.append([label, *cells])
    return tables.markdown([title, *COLUMNS], lines)


def equivalent_fraction(shares, errors, wanted):
    """The share of the images at which errors would fall to `wanted`, between those measured.

    Errors are taken as a power of the share between two neighbors (a line on log-log axes).

    Args:
        shares: (n,) rising floats.
        errors: (n,) floats above 0, at each share.
        wanted: errors above 0.

    Returns:
        float in [shares[0], shares[-1]]; the nearer end where `wanted` lies outside.
    """
    falling = np.minimum.accumulate(np.asarray(errors, float))[::-1]  # more never hurts
    place = np.interp(np.log(wanted), np.log(falling), np.log(shares)[::-1])
    return float(np.exp(place))
