"""Tables against numbers computed apart from records written here by hand."""

import dataclasses

import numpy as np
import pytest
from mlxtend.evaluate import mcnemar
from scipy import stats

import mnist.recipes
import mnist.tables
from common import metrics, results
from common.cli import user_data
from common.distillation import Distillation
from common.results import readme, user_runs
from common.runs import Recipe, Run, records
from common.utils import packages
from tests.support.helpers import add_measures

RNG = np.random.default_rng(0)
TEACHER = "mnist-cnn-0123abcd-seed0@0123456789ab"
MEASURES = {"negative_log_likelihood": 0.1, "calibration_error": 0.02, "agreement": 0.9}


def record(run, wrong, validation_errors=10):
    """A record of `run` on 200 test images, missing those in `wrong`."""
    test = {"errors": len(wrong), "accuracy": 1 - len(wrong) / 200, "wrong": sorted(wrong)}
    return {
        "run": run.id,
        "seed": run.seed,
        "configuration": run.configuration,
        "images": {"train": 500, "validation": 100, "test": 200},
        "validation": MEASURES | {"errors": validation_errors},
        "test": MEASURES | test,
    }


def missed(count):
    return [int(row) for row in RNG.permutation(200)[:count]]


def baseline_run(seed):
    return Run("mnist", "mlp", Recipe(), seed)


def distilled_run(seed, temperature=4.0, alpha=0.9, control=None):
    settings = Distillation(temperature, alpha, control=control)
    return Run("mnist", "mlp", Recipe(), seed, teacher=TEACHER, distillation=settings)


BASELINE_ERRORS, DISTILLED_ERRORS = [40, 44, 38, 41, 47], [30, 29, 33, 31, 36]
BASELINE = [record(baseline_run(seed), missed(n)) for seed, n in enumerate(BASELINE_ERRORS)]
DISTILLED = [record(distilled_run(seed), missed(n)) for seed, n in enumerate(DISTILLED_ERRORS)]


def test_groups_gather_seeds_in_any_order():
    mixed = [*DISTILLED[::-1], *BASELINE[2:], *BASELINE[:2]]
    distilled, baseline = results.group_seeds(mixed)
    assert baseline.values("errors").tolist() == BASELINE_ERRORS
    assert distilled.values("errors").tolist() == DISTILLED_ERRORS
    assert (baseline.teacher, distilled.teacher) == (None, "cnn")
    assert (baseline.distillation, distilled.distillation) == (None, Distillation(4, 0.9))
    assert distilled.teacher_run == ("mnist-cnn-0123abcd", 0)
    assert results.select([distilled, baseline], teacher="cnn") == [distilled]
    assert results.select([distilled, baseline], teacher=None, model="mlp") == [baseline]
    assert results.select([distilled, baseline], temperature=5.0) == []


def test_comparison_against_scipy_and_mlxtend():
    comparison = results.compare(*results.group_seeds(DISTILLED + BASELINE))
    reduction = 1 - sum(DISTILLED_ERRORS) / sum(BASELINE_ERRORS)
    assert comparison.error_reduction == pytest.approx(reduction)
    assert comparison.p == pytest.approx(stats.ttest_rel(DISTILLED_ERRORS, BASELINE_ERRORS).pvalue)
    expected = []
    for ours, theirs in zip(DISTILLED, BASELINE, strict=True):
        a, b = (~np.isin(np.arange(200), r["test"]["wrong"]) for r in (ours, theirs))
        table = np.array([[(a & b).sum(), (a & ~b).sum()], [(~a & b).sum(), (~a & ~b).sum()]])
        expected.append(mcnemar(table, exact=True)[1])
    assert comparison.mcnemar == pytest.approx(max(expected))


def test_comparison_pairs_seeds():
    distilled, baseline = results.group_seeds(DISTILLED[1:4] + BASELINE)
    expected = stats.ttest_rel(DISTILLED_ERRORS[1:4], BASELINE_ERRORS[1:4]).pvalue
    assert results.compare(distilled, baseline).p == pytest.approx(expected)
    one, _ = results.group_seeds(DISTILLED[:1] + BASELINE)
    assert np.isnan(results.compare(one, baseline).p)
    first, last = results.group_seeds(DISTILLED[:2] + BASELINE[2:])
    with pytest.raises(ValueError, match="no seed in common"):
        results.compare(first, last)


def test_spread_and_p_as_printed():
    assert results.mean_sd([1, 2, 4]) == "2.3 ± 1.5"
    assert results.mean_sd([0.981, 0.983], 2, 100) == "98.20 ± 0.14"
    assert results.mean_sd([7]) == "7.0"
    printed = [results.p_value(p) for p in (float("nan"), 1e-9, 0.00123, 0.049, 0.51, 1.0)]
    assert printed == ["", "< 0.0001", "0.0012", "0.049", "0.51", "1.00"]


def cells(table):
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()]


def test_students_table():
    control = [record(distilled_run(k, control="shuffled"), missed(43)) for k in range(5)]
    groups = results.group_seeds(BASELINE + DISTILLED + control[:3])
    lines = cells(results.students_table(groups))
    header, _, baseline, distilled, shuffled = lines
    assert [line[header.index("seeds")] for line in lines[2:]] == ["5", "5", "3"]
    assert {len(line) for line in lines} == {len(header)}
    errors, reduction = header.index("test errors"), header.index("error reduction")
    expected = f"{np.mean(BASELINE_ERRORS):.1f} ± {np.std(BASELINE_ERRORS, ddof=1):.1f}"
    assert baseline[errors] == expected
    expected = f"{np.mean(DISTILLED_ERRORS):.1f} ± {np.std(DISTILLED_ERRORS, ddof=1):.1f}"
    assert distilled[errors] == expected
    assert shuffled[errors] == "43.0 ± 0.0"
    teachers = [line[header.index("teacher")] for line in lines[2:]]
    assert teachers == ["baseline", "cnn", "cnn (shuffled)"]
    assert distilled[header.index("T")] == "4" and distilled[header.index("alpha")] == "0.9"
    percent = 100 * (1 - sum(DISTILLED_ERRORS) / sum(BASELINE_ERRORS))
    assert distilled[reduction] == f"{percent:.1f} %"
    assert baseline[reduction] == baseline[header.index("p (t)")] == ""
    accuracy = 100 - np.array(BASELINE_ERRORS) / 2
    printed = f"{accuracy.mean():.2f} ± {accuracy.std(ddof=1):.2f}"
    assert baseline[header.index("accuracy %")] == printed


def test_a_measure_that_one_group_lacks_is_a_dash(monkeypatch):
    """Such as one added after the baseline was trained: its column stays, for the others."""
    new = metrics.Measure("margin", None, "margin", 2)
    add_measures(monkeypatch, new)
    later = [one | {"test": one["test"] | {"margin": 1.5}} for one in DISTILLED]
    header, _, baseline, distilled = cells(
        results.students_table(results.group_seeds(BASELINE + later))
    )
    assert (baseline[header.index("margin")], distilled[header.index("margin")]) == (
        "–",
        "1.50 ± 0.00",
    )
    assert "top-5 %" not in header  # no group has it
    partly = [*later[:2], *DISTILLED[2:]]  # two seeds of five have it
    (group,) = results.group_seeds(partly)
    lines = cells(results.seeds_table(group))
    column = [line[lines[0].index("margin")] for line in lines]
    assert column == ["margin", "---:", "1.50", "1.50", "–", "–", "–", "–"]
    header, *_ = cells(results.students_table(results.group_seeds(BASELINE)))
    assert "margin" not in header
    header, *_ = cells(results.students_table([]))
    assert "accuracy %" in header and "top-5 %" not in header


def test_seeds_table():
    (group,) = results.group_seeds(BASELINE[:2])
    header, _, *rows = cells(results.seeds_table(group))
    assert [row[0] for row in rows] == ["seed 0", "seed 1", "mean ± sd"]
    assert [row[header.index("test errors")] for row in rows] == ["40", "44", "42.0 ± 2.8"]
    assert [row[header.index("NLL")] for row in rows] == ["0.1000", "0.1000", "0.1000 ± 0.0000"]


def test_a_baseline_has_the_same_net_recipe_and_data():
    (distilled,) = results.group_seeds(DISTILLED)
    for other in (
        Run("mnist", "mlp", Recipe(epochs=11)),
        Run("mnist", "mlp", Recipe(), options={"width": 9}),
        Run("mnist", "mlp", Recipe(), limit=100),
        Run("mnist5k", "mlp", Recipe()),
        Run("mnist", "cnn", Recipe()),
        Run("mnist", "mlp", Recipe(), digest="other images"),
        Run("mnist", "mlp", Recipe(), architecture="another network of this name"),
    ):
        groups = results.group_seeds([record(other, [1])])
        assert results.baseline_of(distilled, groups) is None
    (baseline,) = results.group_seeds(BASELINE)
    assert results.baseline_of(distilled, [distilled, baseline]) is baseline
    (other,) = results.group_seeds([record(baseline_run(7), [1])])
    assert results.baseline_of(distilled, [distilled, other]) is None  # no seed in common


def test_data_of_one_name_and_other_images_are_apart():
    """A user's folder that changed keeps its name; its students have another baseline."""
    groups = results.group_seeds(
        record(Run("mine", "mlp", Recipe(), digest=digest), [1]) for digest in ("a", "b", "a")
    )
    settings = results.dataset_settings(groups)
    assert settings == [{"dataset": "mine", "limit": None, "digest": name} for name in "ab"]
    assert [results.select(groups, **each) for each in settings] == [groups[:1], groups[1:]]


@pytest.mark.parametrize(
    ("settings", "captions"),
    [
        ([{}, {"limit": 100}], ["mnist, 200 test", "mnist, 500 train, 200 test"]),
        ([{"digest": "aa"}, {"digest": "bb"}], ["images aa of mnist, 200", "images bb of mnist"]),
    ],
)
def test_tables_of_a_users_folder_name_the_images_where_one_name_has_several(
    settings, captions, tmp_path, capsys, monkeypatch
):
    runs = [Run("mnist", "mlp", Recipe(), **changes) for changes in settings]
    monkeypatch.setattr(records, "load_all", lambda folder: [record(run, [1]) for run in runs])
    user_data.main(["table", "--output-dir", str(tmp_path)])
    tables = capsys.readouterr().out.strip().split("\n\n")
    assert len(tables) == 2
    for table, caption in zip(tables, captions, strict=True):
        assert table.startswith(f"| {caption}")


def test_a_student_of_a_method_without_a_teacher_is_beside_its_committed_baseline():
    settings = Distillation(1, 0.9, "label_smoothing")
    smoothed = [dataclasses.replace(baseline_run(k), distillation=settings) for k in range(5)]
    users = [record(run, missed(20)) for run in smoothed]
    groups = user_runs.beside_baselines(users, BASELINE + DISTILLED)
    assert {group.run.id for group in groups} == {smoothed[0].id, baseline_run(0).id}
    (ours,) = [group for group in groups if group.run.distillation]
    assert results.baseline_of(ours, groups).run.id == baseline_run(0).id


def test_the_chosen_temperature_has_the_fewest_validation_errors():
    """Neither the test's best, nor that of the best single seed, nor the control."""
    records_ = [record(baseline_run(0), [1], 0)]
    by_temperature = {1: ([1], (9, 9)), 2: ([1, 2, 3], (5, 5)), 8: ([], (2, 12))}
    for temperature, (wrong, validation) in by_temperature.items():
        runs = [distilled_run(seed, temperature) for seed in (0, 1)]
        records_ += [record(run, wrong, n) for run, n in zip(runs, validation, strict=True)]
    records_ += [record(distilled_run(0, 2, control="shuffled"), [], 1)]
    chosen = results.best_distilled(results.group_seeds(records_))
    assert (chosen.configuration["temperature"], chosen.distillation.control) == (2, None)


def test_interval_of_a_mean():
    values = [0.7010, 0.7062, 0.7033]
    low, high = stats.t.interval(0.95, 2, np.mean(values), stats.sem(values))
    assert results.confidence_interval(values, 2, 100) == f"{100 * low:.2f} to {100 * high:.2f}"
    assert results.confidence_interval(values[:1]) == ""


def test_readme_is_rewritten_between_markers(monkeypatch):
    monkeypatch.setattr(readme, "table", lambda dataset, name: f"| {dataset} {name} |\n")
    marked = "<!-- results mnist {} -->\n{}<!-- end -->"
    text = "# Title\n" + marked.format("students", "| old |\n") + "\nprose\n"
    text += marked.format("published", "") + "\nlast <!-- end -->"
    fresh = "# Title\n" + marked.format("students", "| mnist students |\n") + "\nprose\n"
    fresh += marked.format("published", "| mnist published |\n") + "\nlast <!-- end -->"
    assert readme.render(text) == fresh == readme.render(fresh)


def test_check_and_write(monkeypatch, tmp_path, capsys):
    path = tmp_path / "README.md"
    monkeypatch.setattr(readme, "README", path)
    monkeypatch.setattr(readme, "table", lambda dataset, name: "| new |\n")
    drawn = []
    monkeypatch.setattr(readme, "write_figures", drawn.append)
    path.write_text("<!-- results mnist students -->\n| old |\n<!-- end -->\n")
    with pytest.raises(SystemExit, match=r"differ from the records: python -m common.results"):
        readme.main(["--check"])
    readme.main(["--write"])
    readme.main(["--check"])
    assert "| new |" in path.read_text() and "| old |" not in path.read_text()
    assert drawn == ["mnist"]
    assert "1 tables" in capsys.readouterr().out


def test_a_baseline_without_errors_can_be_compared():
    (perfect,) = results.group_seeds([record(baseline_run(seed), missed(0)) for seed in range(2)])
    (worse,) = results.group_seeds([record(distilled_run(seed), missed(3)) for seed in range(2)])
    assert np.isnan(results.compare(worse, perfect).error_reduction)
    assert results.compare(perfect, perfect).error_reduction == 0
    reduction = cells(results.students_table([perfect, worse]))[-1][-3]
    assert reduction == "–"
    assert results.describe_reduction(worse, perfect).startswith("errors, where the baseline makes")


def test_three_digits_of_numbers_that_round_up():
    texts = [results.wording.three_digits(value) for value in (999.4, 999.6, 1234.5, 0.012345)]
    assert texts == ["999", "1,000", "1,234", "0.0123"]


def test_more_than_twice_the_errors_are_a_multiple():
    def described(errors):
        (worse,) = results.group_seeds([record(distilled_run(k), missed(errors)) for k in range(2)])
        words, _, _ = results.describe_reduction(worse, baseline).partition(" (")
        return results.comparison_cells(worse, baseline)[0], words

    (baseline,) = results.group_seeds([record(baseline_run(seed), missed(20)) for seed in range(2)])
    assert described(10) == ("50.0 %", "50 % fewer errors")
    assert described(20) == ("0.0 %", "equally many errors")
    assert described(40) == ("-100.0 %", "100 % more errors")
    assert described(42) == ("2.1 × as many", "2.1 times as many errors")
    assert described(190) == ("9.5 × as many", "9.5 times as many errors")


def test_every_committed_record_is_of_the_run_that_it_names():
    datasets = ("mnist", "cifar100", "tiny_imagenet20")
    for folder in (packages.load_module(dataset, "recipes").FOLDER for dataset in datasets):
        committed = records.load_all(folder)
        assert committed
        for one in committed:
            run = Run.from_configuration(one["configuration"], one["seed"])
            assert run.configuration == one["configuration"]
            assert records.path(folder, run).exists(), run.name
            assert len(one["test"]["wrong"]) == one["test"]["errors"]


def test_the_figures_of_the_pages_can_be_drawn():
    groups = results.group_seeds(records.load_all(mnist.tables.FOLDER))
    groups = results.select(groups, dataset="mnist", limit=None)
    figures = {name: draw(groups) for name, draw in mnist.tables.PICTURES.items()}
    lines = figures["temperature.png"].axes[0].lines
    (curve,) = (line for line in lines if line.get_marker() == "o")
    assert curve.get_xdata().tolist() == list(mnist.recipes.TEMPERATURES)
    lines = figures["device.png"].axes[0].lines
    assert max(len(line.get_xdata()) for line in lines) >= 4  # four widths of the student
