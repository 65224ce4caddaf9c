"""Superclass share of a teacher's soft targets and of students' confusions on CIFAR-100.

CIFAR-100's 100 classes form 20 superclasses of five (Krizhevsky 2009, "Learning multiple layers
of features from tiny images"), such as maple, oak, palm, pine and willow. By chance 4 of an
image's 99 wrong classes are in its own superclass.
"""

import numpy as np
from scipy import special

from common import metrics, results
from common.plots import style
from common.plots.style import COLORS
from common.results import fidelity


def dark_share(logits, labels, superclasses, temperature=1.0):
    """Superclass share of dark knowledge, in [0, 1]: probability within the label's superclass.

    For each image the softmax over its wrong classes only, the non-target distribution of Zhao et
    al. 2022 (arXiv:2203.08679), summed over the label's superclass; the mean over images.

    Args:
        logits: (n, classes) floats, the teacher's.
        labels: (n,) integers.
        superclasses: (classes,) integers, `Dataset.superclasses`.
        temperature: T > 0.
    """
    logits, superclasses = np.array(logits, "float64"), np.asarray(superclasses)
    logits[np.arange(len(labels)), labels] = -np.inf
    inside = superclasses == superclasses[labels][:, None]
    return float((special.softmax(logits / temperature, axis=1) * inside).sum(axis=1).mean())


def error_shares(group, labels, superclasses):
    """Superclass share of a group's test errors, (seeds,) in [0, 1]: predicted within the label's.

    Args:
        group: results.SeedGroup.
        labels: (n,) integers, of the test images.
        superclasses: (classes,) integers.

    Raises:
        ValueError: records without their wrong predictions; labels of another number of images.
    """
    superclasses, shares = np.asarray(superclasses), []
    for seed in sorted(group.seeds):
        record = group.seeds[seed]
        if record["images"]["test"] != len(labels):
            raise ValueError(f"{record['run']} was tested on other than these {len(labels)} images")
        wrong = record["test"]["wrong"]
        predicted = fidelity.predictions(record, labels)[wrong]
        shares.append(np.mean(superclasses[predicted] == superclasses[labels[wrong]]))
    return np.array(shares)


def figure(temperatures, shares, students, title):
    """Figure: the teacher's superclass share against the temperature, students' as levels.

    Args:
        temperatures: (n,) floats above 0; shares: (n,) floats, `dark_share` at each.
        students: {label: (role, (seeds,) `error_shares`)}.
        title: the finding.

    Returns:
        matplotlib Figure.
    """
    figure, axes = style.axes()
    axes.plot(temperatures, 100 * np.asarray(shares), color=COLORS["teacher"])
    style.label_end(axes, temperatures[-1], 100 * shares[-1], "teacher", COLORS["teacher"])
    lowest = min(np.mean(values) for _, values in students.values())
    for label, (role, values) in students.items():
        below = np.mean(values) == lowest  # labels of close lines must not overlap
        style.reference_line(axes, 100 * np.asarray(values), label, COLORS[role], below=below)
    axes.axhline(100 * 4 / 99, color="0.6", ls=":")
    axes.annotate("chance", (temperatures[0], 100 * 4 / 99), color="0.4", va="bottom")
    style.title(figure, title)
    axes.set(ylabel="share within the superclass, %", ylim=(0, None))
    style.temperature_axis(axes, style.round_temperatures(temperatures))
    axes.set_xlim(right=temperatures[-1] * 2.2)
    return figure


def finding(share, distilled, baseline):
    """Finding in words: the teacher's share at T = 1, and how students' shares differ.

    Args:
        share: `dark_share` at T = 1.
        distilled, baseline: (seeds,) `error_shares` of the same seeds.
    """
    mean, _, _, p = metrics.paired_t(distilled, baseline)
    difference = f"{100 * abs(mean):.1f} points {'higher' if mean >= 0 else 'lower'}"
    return (
        f"{100 * share:.0f} % of the dark knowledge at T = 1 is in the label's superclass; "
        f"distilled students' share of errors there is {difference} than the baseline's"
        f"{results.p_inline(p)}"
    )
