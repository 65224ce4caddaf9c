"""What a student has of its teacher, against loops over hand-made answers; its figures."""

import numpy as np
import pytest
from scipy import stats

from common import plots, results
from common.results import fidelity
from common.runs import Recipe, Run

RANDOM = np.random.default_rng(5)
LABELS = RANDOM.integers(10, size=200)


def some_answers(right):
    """(200,) classes, about a share `right` of them the labels."""
    return np.where(RANDOM.random(200) < right, LABELS, RANDOM.integers(10, size=200))


TEACHER = some_answers(0.8)
STUDENTS = [some_answers(0.6), np.where(RANDOM.random(200) < 0.7, TEACHER, LABELS)]


def group(answers):
    records = []
    for seed, given in enumerate(answers):
        run = Run("mnist", "mlp", Recipe(), seed)
        wrong = np.flatnonzero(given != LABELS)
        test = {"errors": len(wrong), "negative_log_likelihood": 0.1, "calibration_error": 0.02}
        test |= {"wrong": wrong.tolist(), "wrong_answers": given[wrong].tolist()}
        named = {"run": run.id, "seed": seed, "configuration": run.configuration}
        records.append(named | {"test": test})
    (made,) = results.group_seeds(records)
    return made


def test_answers_are_found_again():
    records = group(STUDENTS).seeds
    for seed, given in enumerate(STUDENTS):
        np.testing.assert_array_equal(fidelity.answers(records[seed], LABELS), given)
    del records[1]["test"]["wrong_answers"]
    with pytest.raises(ValueError, match=r"mlp-.*-seed1 holds no wrong answers"):
        fidelity.answers(records[1], LABELS)


def test_measures_of_a_pair():
    found = fidelity.measures(group(STUDENTS), TEACHER, LABELS)
    for seed, given in enumerate(STUDENTS):
        rows = [i for i in range(200) if TEACHER[i] != LABELS[i]]
        assert found["errors"][seed] == sum(given[i] != LABELS[i] for i in range(200))
        assert found["agreement"][seed] == sum(given[i] == TEACHER[i] for i in range(200)) / 200
        corrected = sum(given[i] == LABELS[i] for i in rows) / len(rows)
        repeated = sum(given[i] == TEACHER[i] for i in rows) / len(rows)
        assert found["corrected"][seed] == pytest.approx(corrected)
        assert found["repeated"][seed] == pytest.approx(repeated)
    assert set(found) == {measure for measure, *_ in fidelity.COLUMNS.values()}


def test_gain_in_words():
    others = [some_answers(0.7), some_answers(0.5)]
    mistakes = TEACHER != LABELS
    share = [[np.mean((given == TEACHER)[mistakes]) for given in own] for own in (STUDENTS, others)]
    points, p = 100 * np.mean(np.subtract(*share)), stats.ttest_rel(*share).pvalue
    said = fidelity.gain("repeated", group(STUDENTS), group(others), TEACHER, LABELS)
    assert said == f"{points:+.0f} points (p = {p:.2f})"
    never = fidelity.gain("repeated", group(STUDENTS), group(others), LABELS, LABELS)
    assert never == "the teacher makes no mistake"


def test_table():
    table = fidelity.table("mnist", [("one", group(STUDENTS), TEACHER)], LABELS)
    header, _, row = (
        [cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()
    )
    cells = dict(zip(header, row, strict=True))
    agreement = [100 * np.mean(given == TEACHER) for given in STUDENTS]
    expected = f"{np.mean(agreement):.2f} ± {np.std(agreement, ddof=1):.2f}"
    assert cells["mnist"] == "one" and cells["agrees with teacher %"] == expected


def test_the_share_needed_on_a_power_law():
    shares = np.array([1, 3, 10, 100.0])
    errors = 20 * shares**-0.5
    assert fidelity.equivalent_fraction(shares, errors, 20 * 5**-0.5) == pytest.approx(5)
    assert fidelity.equivalent_fraction(shares, errors, 50) == pytest.approx(1)
    assert fidelity.equivalent_fraction(shares, errors, 0.1) == pytest.approx(100)
    uneven = [20, 8, 9, 2]  # 10 % no better than 3 %
    assert 3 <= fidelity.equivalent_fraction(shares, uneven, 8) <= 10


def test_heat_map_shows_mean_and_deviation():
    values = RANDOM.random((5, 4, 3))
    figure = plots.heat_map(values, (1, 2, 4, 8, 20), (0.25, 0.5, 0.75, 1), "Finding", "%")
    axes, colors = figure.axes
    words = {(t.get_position()): t.get_text() for t in axes.texts}
    cell = values[3, 1]
    assert words[3, 1] == f"{cell.mean():.2f} ± {cell.std(ddof=1):.2f}" and len(words) == 20
    assert [t.get_text() for t in axes.get_xticklabels()] == ["1", "2", "4", "8", "20"]
    assert colors.get_ylabel() == "%" and figure.get_suptitle() == "Finding"
    alone = plots.heat_map(values[:, :, :1], range(5), range(4), "Finding", "%")
    assert "±" not in alone.axes[0].texts[0].get_text()


def test_shares():
    few = RANDOM.random((4, 3)) + 0.1
    curves = {"labels alone": ("baseline", few + 1), "distilled": ("distilled", few)}
    axes = plots.data_fraction_curves([1, 3, 10, 100], curves, "Finding", "errors, %").axes[0]
    assert [text.get_text().strip() for text in axes.texts] == list(curves)
    np.testing.assert_allclose(axes.lines[1].get_ydata(), few.mean(1))
    assert axes.get_xscale() == axes.get_yscale() == "log"
