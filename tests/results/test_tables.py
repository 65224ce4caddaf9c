"""Which groups a table's row is about, and its cells, on records written here by hand."""

import dataclasses

import numpy as np
import pytest
from scipy import stats

from common import results
from common.data.transfer_sets import TransferSet
from common.distillation import Distillation
from common.results import readme
from common.runs import ModelSpec, Recipe, Run

TEACHER = ModelSpec("cnn", Recipe(epochs=6), "large", {"width": 2})
OTHER = ModelSpec("cnn", Recipe(epochs=6), "other")
STUDENT = ModelSpec("mlp", Recipe(epochs=3), "small")
SAME_NET = ModelSpec("mlp", Recipe(epochs=3, batch_size=64), "small, other recipe")
BASELINE_ERRORS, DISTILLED_ERRORS = [40, 44, 38], [30, 29, 33]


def run(spec, seed=0, epochs=None, **settings):
    recipe = spec.recipe if epochs is None else Recipe(epochs=epochs)
    return Run("mnist", spec.model, recipe, seed, options=spec.options, **settings)


def by(teacher, epochs=None, temperature=4.0, alpha=0.9, teacher_seed=0, control=None):
    identity = f"{run(teacher, teacher_seed, epochs=epochs).name}@0123456789ab"
    return {
        "teacher": identity,
        "distillation": Distillation(temperature, alpha, control=control),
    }


def group(spec, errors, validation=10, **settings):
    """A group of `spec` with these test errors out of 200, one per seed."""
    records = []
    for seed, count in enumerate(errors):
        one = run(spec, seed, **settings)
        test = {"errors": count, "accuracy": 1 - count / 200, "wrong": list(range(count))}
        records.append(
            {
                "run": one.id,
                "seed": seed,
                "configuration": one.configuration,
                "images": {"train": 500, "validation": 100, "test": 200},
                "validation": {"errors": validation},
                "test": test,
            }
        )
    (only,) = results.group_seeds(records)
    return only


def test_groups_of_a_spec_have_its_recipe_or_else_other_epochs():
    full, quick = group(STUDENT, [1]), group(STUDENT, [2], epochs=1)
    distilled = group(STUDENT, [3], **by(TEACHER))
    groups = [full, group(SAME_NET, [4]), quick, group(OTHER, [5]), distilled]
    assert results.Results(groups).of(STUDENT) == [full, distilled]
    assert results.Results([quick, *groups[3:4]]).of(STUDENT) == [quick]
    assert results.Results([quick, full]).baseline(STUDENT) is full
    assert results.Results(groups).baseline(STUDENT) is full
    assert results.Results(groups).baseline(TEACHER) is None


def test_quick_runs_of_several_lengths_are_not_compared_with_each_other():
    short, long = group(STUDENT, [10], epochs=1), group(STUDENT, [30], epochs=2)
    of_short, of_long = (group(STUDENT, [e], epochs=n, **by(TEACHER)) for n, e in ((1, 9), (2, 40)))
    for groups in ([short, long, of_short, of_long], [of_short, of_long, short, long][::-1]):
        ours = results.Results(groups)
        assert ours.baseline(STUDENT) is long and ours.best_distilled(STUDENT, TEACHER) is of_long
    rows = results.students_table([short, long, of_short, of_long]).splitlines()[2:]
    names = [row.split(" | ")[0].removeprefix("| ") for row in rows]
    assert names == ["mlp, 1 epoch", "mlp, 2 epochs", "mlp, 1 epoch", "mlp, 2 epochs"]
    assert " 10.0 % " in rows[2] and " -33.3 % " in rows[3]


def test_of_a_teacher_that_was_trained_again_the_students_of_the_present_weights_count():
    teacher, baseline = group(TEACHER, [5]), group(STUDENT, [30])
    teacher.seeds[0]["weights_sha256"] = "abcdef" + 58 * "0"
    name, settings = run(TEACHER).name, Distillation(4.0, 0.9)
    now, before = (
        group(STUDENT, [errors], teacher=f"{name}@{weights}", distillation=settings)
        for errors, weights in ((20, "abcdef000000"), (10, "0123456789ab"))
    )
    for groups in ([teacher, baseline, before, now], [now, before, baseline, teacher]):
        assert results.Results(groups).distilled(STUDENT, TEACHER) == [now]
    assert results.Results([baseline, before]).distilled(STUDENT, TEACHER) == [before]
    table = results.students_table([baseline, before, now])
    assert "| cnn @0123 |" in table and "| cnn @abcd |" in table


def test_a_transfer_set_is_part_of_a_spec():
    part = TransferSet(share=0.04)
    few = dataclasses.replace(STUDENT, transfer_set=part)
    on_all, on_part = group(STUDENT, [1]), group(STUDENT, [2], transfer_set=part)
    assert results.Results([on_all, on_part]).baseline(few) is on_part
    assert results.Results([on_part, on_all]).baseline(STUDENT) is on_all
    assert results.display_name(on_all.configuration) == "mlp"
    assert results.display_name(on_part.configuration) == "mlp, 4 % of images"


def test_teachers_of_one_architecture_are_distinguished():
    ours = group(STUDENT, [3], **by(TEACHER))
    others = group(STUDENT, [4], **by(OTHER))
    quick = group(STUDENT, [5], epochs=1, **by(OTHER, epochs=1))
    groups = [group(STUDENT, [1]), ours, others, quick]
    assert results.Results(groups).distilled(STUDENT, TEACHER) == [ours]
    assert results.Results(groups).distilled(STUDENT, OTHER) == [others]
    assert results.Results([quick]).distilled(STUDENT, OTHER) == [quick]


def test_of_a_teachers_seeds_tables_have_the_lowest():
    by_11, by_2 = (group(STUDENT, [3], **by(TEACHER, teacher_seed=k)) for k in (11, 2))
    other = group(STUDENT, [4], **by(OTHER, teacher_seed=5))
    baseline = group(STUDENT, [1])
    control = group(STUDENT, [9], **by(TEACHER, teacher_seed=2, control="shuffled"))
    groups = [baseline, by_11, by_2, other, control]
    assert results.Results(groups).of(STUDENT) == [baseline, by_2, other, control]
    assert results.Results(groups[:4]).distilled(STUDENT, TEACHER) == [by_2]
    ours, settings = results.Results(groups[:4]), {"temperature": 4.0, "alpha": 0.9}
    assert ours.by_teacher_seed(STUDENT, TEACHER, **settings) == {2: by_2, 11: by_11}
    assert results.Results(groups[:4]).by_teacher_seed(STUDENT, TEACHER, temperature=1.0) == {}


def test_validation_chooses_among_the_distilled_without_controls():
    poor = group(STUDENT, [3], validation=9, **by(TEACHER, temperature=2))
    good = group(STUDENT, [30], validation=5, **by(TEACHER))
    control = group(STUDENT, [1], validation=1, **by(TEACHER, control="shuffled"))
    groups = [control, poor, good]
    assert results.Results(groups).best_distilled(STUDENT, TEACHER) is good
    assert results.Results(groups).best_distilled(STUDENT, OTHER) is None
    assert results.in_order(groups) == [poor, good, control]


def test_controlled_comparison_and_grid_of_a_pair():
    def cell(temperature, alpha, control=None, **more):
        return group(STUDENT, [5], **by(TEACHER, None, temperature, alpha, control=control), **more)

    cells = {(t, a): cell(t, a, validation=10 * t - a) for t in (1.0, 4.0) for a in (0.5, 1.0)}
    baseline, control = group(STUDENT, BASELINE_ERRORS), cell(1.0, 1.0, "shuffled")
    groups = [control, *cells.values(), baseline, group(STUDENT, [9], **by(OTHER))]
    pair = results.Results(groups).comparison(STUDENT, TEACHER)
    assert (pair.baseline, pair.distilled, pair.control) == (baseline, cells[1.0, 1.0], control)
    assert [role for _, role, _ in pair.rows()] == ["baseline", "distilled", "control"]
    expected = [[cells[4, 1], cells[4, 0.5]], [cells[1, 1], cells[1, 0.5]]]
    assert (
        results.Results(groups).temperature_alpha_grid(STUDENT, TEACHER, [4, 1], [1, 0.5])
        == expected
    )
    with pytest.raises(ValueError, match="needs one control, got 0"):
        results.ControlledComparison([baseline, *cells.values()])
    with pytest.raises(ValueError, match="needs one baseline, got 0"):
        results.Results([*cells.values(), control]).comparison(STUDENT, TEACHER)


def test_published_row_beside_ours():
    baseline = group(STUDENT, BASELINE_ERRORS)
    distilled = group(STUDENT, DISTILLED_ERRORS, **by(TEACHER))
    cells = results.published_row("small", 97.0, distilled, baseline)
    row = dict(zip(["label", *results.PUBLISHED_COLUMNS], cells, strict=True))
    accuracy = 100 - np.array(DISTILLED_ERRORS) / 2
    assert (row["label"], row["published %"]) == ("small", "97.00")
    assert row["ours %"] == f"{accuracy.mean():.2f} ± {accuracy.std(ddof=1):.2f}"
    percent = 100 * (1 - sum(DISTILLED_ERRORS) / sum(BASELINE_ERRORS))
    assert row["error reduction"] == f"{percent:.1f} %"
    p = stats.ttest_rel(DISTILLED_ERRORS, BASELINE_ERRORS).pvalue
    assert float(row["p (t)"]) == pytest.approx(p, rel=0.05)
    missing = results.published_row("small", None, None)
    assert missing[:3] == ["small", "", "not run yet"] and len(missing) == len(row)


def test_a_quick_look_leaves_out_what_it_does_not_run():
    groups = [group(STUDENT, BASELINE_ERRORS), group(STUDENT, DISTILLED_ERRORS, **by(TEACHER))]
    text = results.pairs_table([STUDENT, OTHER], [TEACHER, OTHER], groups)
    lines = readme.drop_pending(text).splitlines()
    assert len(text.splitlines()) == 4 and lines == text.splitlines()[:3]  # the second has a number


def test_students_by_teachers():
    groups = [group(STUDENT, BASELINE_ERRORS), group(STUDENT, DISTILLED_ERRORS, **by(TEACHER))]
    header, _, row = results.pairs_table([STUDENT], [TEACHER, OTHER], groups).splitlines()
    assert header == "| mnist, 200 test images | teacher: large | teacher: other |"
    before, after = (100 - np.mean(errors) / 2 for errors in (BASELINE_ERRORS, DISTILLED_ERRORS))
    cells = row.strip("| ").split(" | ")
    assert cells[0] == "small" and cells[2] == "not run yet"
    assert cells[1].startswith(f"{before:.2f} ± ") and f" → {after:.2f} ± " in cells[1]
    assert f"(p = {stats.ttest_rel(DISTILLED_ERRORS, BASELINE_ERRORS).pvalue:.2g})" in cells[1]


def test_other_methods_weights_and_controls_have_no_place_in_the_tables_of_a_student():
    """All of them make no error, on validation either: none may be the best or the baseline."""
    plain = [group(STUDENT, [9]), group(STUDENT, [8], **by(TEACHER))]
    plain.append(group(STUDENT, [99], **by(TEACHER, control="shuffled")))
    settings = [
        Distillation(4, 0.9, "dkd"),
        Distillation(4, soft_weight=9, hard_weight=1),
        Distillation(4, 0.9, control="permuted"),
        Distillation(4, 0.9, "nkd", "shuffled"),
    ]
    teacher = by(TEACHER)["teacher"]
    others = [
        group(STUDENT, [0], validation=0, teacher=teacher, distillation=each) for each in settings
    ]
    others += [group(STUDENT, [0], distillation=Distillation(1, 1, "label_smoothing"))]
    groups = others + plain
    assert results.Results(groups).of(STUDENT) == plain
    assert results.Results(groups).best_distilled(STUDENT, TEACHER) is plain[1]
    assert results.best_distilled(groups) is plain[1]
    assert results.temperature_sweep(groups, 0.9) == [plain[1]]
    assert results.baseline_of(others[0], groups) is plain[0]
    assert results.ControlledComparison(groups).rows() == [
        ("baseline", "baseline", plain[0]),
        ("distilled", "distilled", plain[1]),
        ("control", "control", plain[2]),
    ]


def test_a_sweep_in_words_names_its_best_and_its_worst_temperature():
    sweep = [group(STUDENT, [90 + t, 92 + t], **by(TEACHER, temperature=t)) for t in (4, 1, 8)]
    assert results.describe_sweep(sweep) == "92 test errors at T = 1, 99 at T = 8"


def test_settings_of_a_method_in_a_row():
    settings = Distillation(4, method="dkd", soft_weight=2, options={"beta": 8}, control="permuted")
    taught = group(STUDENT, [3], **by(TEACHER) | {"distillation": settings})
    smoothed = group(STUDENT, [3], distillation=Distillation(1, 1, "label_smoothing"))
    *_, first, second = results.students_table([taught, smoothed]).splitlines()
    assert first.startswith("| mlp | cnn (dkd, beta 8, permuted) | 4 | 1 : 2 | 1 | 3.0 |")
    assert second.startswith("| mlp | no teacher (label_smoothing) | 1 | 1 | 1 | 3.0 |")
    assert taught.settings == "T = 4, 1 : 2, beta = 8"


def test_students_of_a_teacher_without_a_record_are_all_kept():
    """Nobody knows which of its weights are the newer ones."""
    groups = [group(STUDENT, BASELINE_ERRORS)]
    for digits in ("0123456789ab", "ba9876543210"):
        settings = by(TEACHER) | {"teacher": f"my-net@{digits}"}
        groups.append(group(STUDENT, DISTILLED_ERRORS, **settings))
    assert len(results.Results(groups).of(STUDENT)) == 3
