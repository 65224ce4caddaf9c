"""Fidelity of students to their teacher, against loops over hand-made predictions; its figures."""

import numpy as np
import pytest
from scipy import stats

from common import plots, results
from common.results import fidelity
from common.runs import Recipe, Run

RNG = np.random.default_rng(5)
LABELS = RNG.integers(10, size=200)


def predictions(accuracy):
    """(200,) classes, about a fraction `accuracy` of them the labels."""
    return np.where(RNG.random(200) < accuracy, LABELS, RNG.integers(10, size=200))


TEACHER = predictions(0.8)
STUDENTS = [predictions(0.6), np.where(RNG.random(200) < 0.7, TEACHER, LABELS)]


def group(students):
    records = []
    for seed, classes in enumerate(students):
        run = Run("mnist", "mlp", Recipe(), seed)
        wrong = np.flatnonzero(classes != LABELS)
        test = {"errors": len(wrong), "negative_log_likelihood": 0.1, "calibration_error": 0.02}
        test |= {"wrong": wrong.tolist(), "wrong_answers": classes[wrong].tolist()}
        record = {"run": run.id, "seed": seed, "configuration": run.configuration}
        records.append(record | {"test": test})
    (only,) = results.group_seeds(records)
    return only


def test_predictions_of_a_record():
    records = group(STUDENTS).seeds
    for seed, classes in enumerate(STUDENTS):
        np.testing.assert_array_equal(fidelity.predictions(records[seed], LABELS), classes)
    del records[1]["test"]["wrong_answers"]
    with pytest.raises(ValueError, match=r"mlp-.*-seed1 has no wrong predictions"):
        fidelity.predictions(records[1], LABELS)


def test_measures_of_a_pair():
    measures = fidelity.measures(group(STUDENTS), TEACHER, LABELS)
    for seed, classes in enumerate(STUDENTS):
        rows = [i for i in range(200) if TEACHER[i] != LABELS[i]]
        assert measures["errors"][seed] == sum(classes[i] != LABELS[i] for i in range(200))
        agreement = sum(classes[i] == TEACHER[i] for i in range(200)) / 200
        assert measures["agreement"][seed] == agreement
        corrected = sum(classes[i] == LABELS[i] for i in rows) / len(rows)
        copied = sum(classes[i] == TEACHER[i] for i in rows) / len(rows)
        assert measures["corrected_mistakes"][seed] == pytest.approx(corrected)
        assert measures["copied_mistakes"][seed] == pytest.approx(copied)
    assert set(measures) == {measure.key for measure in fidelity.COLUMNS}


def test_gain_in_words():
    others = [predictions(0.7), predictions(0.5)]
    mistakes = TEACHER != LABELS
    copied = [[np.mean((s == TEACHER)[mistakes]) for s in pair] for pair in (STUDENTS, others)]
    points, p = 100 * np.mean(np.subtract(*copied)), stats.ttest_rel(*copied).pvalue
    both = group(STUDENTS), group(others)
    words = fidelity.gain("copied_mistakes", *both, TEACHER, LABELS)
    assert words == f"{points:+.0f} points (p = {p:.2f})"
    never = fidelity.gain("copied_mistakes", *both, LABELS, LABELS)
    assert never == "the teacher makes no mistake"


def test_table():
    table = fidelity.table("mnist", [("one", group(STUDENTS), TEACHER)], LABELS)
    header, _, row = (
        [cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()
    )
    cells = dict(zip(header, row, strict=True))
    agreement = [100 * np.mean(classes == TEACHER) for classes in STUDENTS]
    expected = f"{np.mean(agreement):.2f} ± {np.std(agreement, ddof=1):.2f}"
    assert cells["mnist"] == "one" and cells["agreement %"] == expected
    errors = [np.sum(classes != LABELS) for classes in STUDENTS]
    assert cells["test errors"] == f"{np.mean(errors):.1f} ± {np.std(errors, ddof=1):.1f}"


def test_equivalent_fraction_on_a_power_law():
    fractions = np.array([1, 3, 10, 100.0])
    errors = 20 * fractions**-0.5
    assert fidelity.equivalent_fraction(fractions, errors, 20 * 5**-0.5) == pytest.approx(5)
    assert fidelity.equivalent_fraction(fractions, errors, 50) == pytest.approx(1)
    assert fidelity.equivalent_fraction(fractions, errors, 0.1) == pytest.approx(100)
    uneven = [20, 8, 9, 2]  # 10 % no better than 3 %
    assert 3 <= fidelity.equivalent_fraction(fractions, uneven, 8) <= 10


def test_heat_map_shows_mean_and_deviation():
    values = RNG.random((5, 4, 3))
    figure = plots.heat_map(values, (1, 2, 4, 8, 20), (0.25, 0.5, 0.75, 1), "Finding", "%")
    axes, colors = figure.axes
    words = {(t.get_position()): t.get_text() for t in axes.texts}
    cell = values[3, 1]
    assert words[3, 1] == f"{cell.mean():.2f} ± {cell.std(ddof=1):.2f}" and len(words) == 20
    assert [t.get_text() for t in axes.get_xticklabels()] == ["1", "2", "4", "8", "20"]
    assert colors.get_ylabel() == "%" and figure.get_suptitle() == "Finding"
    one_seed = plots.heat_map(values[:, :, :1], range(5), range(4), "Finding", "%")
    assert "±" not in one_seed.axes[0].texts[0].get_text()


def test_data_fraction_curves():
    few = RNG.random((4, 3)) + 0.1
    curves = {"baseline": ("baseline", few + 1), "distilled": ("distilled", few)}
    axes = plots.data_fraction_curves([1, 3, 10, 100], curves, "Finding", "errors, %").axes[0]
    assert [text.get_text().strip() for text in axes.texts] == list(curves)
    np.testing.assert_allclose(axes.lines[1].get_ydata(), few.mean(1))
    assert axes.get_xscale() == axes.get_yscale() == "log"
