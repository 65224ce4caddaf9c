"""Which groups a table's row is about, and its cells, on records written here by hand."""

import dataclasses

import numpy as np
import pytest
from scipy import stats

from common import results
from common.data.transfer_sets import TransferSet
from common.results import readme
from common.runs import ModelSpec, Recipe, Run

TEACHER = ModelSpec("cnn", Recipe(epochs=6), "large", {"width": 2})
OTHER = ModelSpec("cnn", Recipe(epochs=6), "other")
STUDENT = ModelSpec("mlp", Recipe(epochs=3), "small")
SAME_NET = ModelSpec("mlp", Recipe(epochs=3, batch_size=64), "small, other recipe")
ALONE, TAUGHT = [40, 44, 38], [30, 29, 33]


def run(net, seed=0, epochs=None, **taught):
    recipe = net.recipe if epochs is None else Recipe(epochs=epochs)
    return Run("mnist", net.model, recipe, seed, options=net.options, **taught)


def by(teacher, epochs=None, temperature=4.0, training=0, **more):
    identity = f"{run(teacher, training, epochs=epochs).name}@0123456789ab"
    return {"teacher": identity, "temperature": temperature, "alpha": 0.9, **more}


def group(net, errors, validation=10, **settings):
    """A group of `net` with these test errors out of 200, one a seed."""
    records = []
    for seed, count in enumerate(errors):
        one = run(net, seed, **settings)
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
    (made,) = results.group_seeds(records)
    return made


def test_groups_of_a_net_have_its_recipe_whatever_the_epochs():
    own, quick = group(STUDENT, [1]), group(STUDENT, [2], epochs=1)
    taught = group(STUDENT, [3], **by(TEACHER))
    found = [own, group(SAME_NET, [4]), quick, group(OTHER, [5]), taught]
    assert results.groups_of(STUDENT, found) == [own, quick, taught]
    assert results.baseline_for(STUDENT, found) is own
    assert results.baseline_for(TEACHER, found) is None


def test_a_nets_own_transfer_set_is_part_of_its_recipe():
    part = TransferSet(share=0.04)
    few = dataclasses.replace(STUDENT, transfer_set=part)
    whole, own = group(STUDENT, [1]), group(STUDENT, [2], transfer_set=part)
    assert results.baseline_for(few, [whole, own]) is own
    assert results.baseline_for(STUDENT, [own, whole]) is whole
    assert results.display_name(whole.configuration) == "mlp"
    assert results.display_name(own.configuration) == "mlp, 4 % of images"


def test_taught_by_tells_teachers_of_one_architecture_apart():
    right = group(STUDENT, [3], **by(TEACHER))
    wrong = group(STUDENT, [4], **by(OTHER))
    quick = group(STUDENT, [5], epochs=1, **by(OTHER, epochs=1))
    found = [group(STUDENT, [1]), right, wrong, quick]
    assert results.distilled_by(STUDENT, TEACHER, found) == [right]
    assert results.distilled_by(STUDENT, OTHER, found) == [wrong, quick]


def test_of_a_teachers_trainings_tables_have_the_first():
    by_second, by_third = (group(STUDENT, [3], **by(TEACHER, training=k)) for k in (11, 2))
    other = group(STUDENT, [4], **by(OTHER, training=5))
    own, control = (
        group(STUDENT, [1]),
        group(STUDENT, [9], **by(TEACHER, training=2, shuffled=True)),
    )
    found = [own, by_second, by_third, other, control]
    assert results.groups_of(STUDENT, found) == [own, by_third, other, control]
    assert results.distilled_by(STUDENT, TEACHER, found[:4]) == [by_third]
    settings = {"temperature": 4.0, "alpha": 0.9}
    assert results.by_teacher_seed(STUDENT, TEACHER, found[:4], **settings) == {
        2: by_third,
        11: by_second,
    }
    assert results.by_teacher_seed(STUDENT, TEACHER, found[:4], temperature=1.0) == {}


def test_validation_chooses_among_the_taught_but_the_control():
    poor = group(STUDENT, [3], validation=9, **by(TEACHER, temperature=2))
    good = group(STUDENT, [30], validation=5, **by(TEACHER))
    control = group(STUDENT, [1], validation=1, **by(TEACHER, shuffled=True))
    found = [control, poor, good]
    assert results.best_distilled_by(STUDENT, TEACHER, found) is good
    assert results.best_distilled_by(STUDENT, OTHER, found) is None
    assert results.in_order(found) == [poor, good, control]


def test_trio_and_grid_of_a_pair():
    def cell(temperature, alpha, **more):
        return group(
            STUDENT, [5], **by(TEACHER, temperature=temperature) | {"alpha": alpha}, **more
        )

    cells = {(t, a): cell(t, a, validation=10 * t - a) for t in (1.0, 4.0) for a in (0.5, 1.0)}
    own, control = group(STUDENT, ALONE), cell(1.0, 1.0, shuffled=True)
    found = [control, *cells.values(), own, group(STUDENT, [9], **by(OTHER))]
    pair = results.controlled_comparison(STUDENT, TEACHER, found)
    assert (pair.baseline, pair.distilled, pair.control) == (own, cells[1.0, 1.0], control)
    expected = [[cells[4, 1], cells[4, 0.5]], [cells[1, 1], cells[1, 0.5]]]
    assert results.temperature_alpha_grid(STUDENT, TEACHER, found, [4, 1], [1, 0.5]) == expected


def test_published_row_beside_ours():
    alone, taught = group(STUDENT, ALONE), group(STUDENT, TAUGHT, **by(TEACHER))
    row = dict(
        zip(
            ["label", *results.PUBLISHED_COLUMNS],
            results.published_row("small", 97.0, taught, alone),
            strict=True,
        )
    )
    accuracy = 100 - np.array(TAUGHT) / 2
    assert (row["label"], row["published %"]) == ("small", "97.00")
    assert row["ours %"] == f"{accuracy.mean():.2f} ± {accuracy.std(ddof=1):.2f}"
    assert row["fewer than alone"] == f"{100 * (1 - sum(TAUGHT) / sum(ALONE)):.1f} %"
    assert float(row["p (t)"]) == pytest.approx(stats.ttest_rel(TAUGHT, ALONE).pvalue, rel=0.05)
    missing = results.published_row("small", None, None)
    assert missing[:3] == ["small", "", "not run yet"] and len(missing) == len(row)


def test_a_quick_look_leaves_out_what_it_does_not_run():
    found = [group(STUDENT, ALONE), group(STUDENT, TAUGHT, **by(TEACHER))]
    text = results.pairs_table([STUDENT, OTHER], [TEACHER, OTHER], found)
    kept = readme.drop_pending(text).splitlines()
    assert len(text.splitlines()) == 4 and kept == text.splitlines()[:3]  # the second has a number


def test_students_by_teachers():
    found = [group(STUDENT, ALONE), group(STUDENT, TAUGHT, **by(TEACHER))]
    header, _, row = results.pairs_table([STUDENT], [TEACHER, OTHER], found).splitlines()
    assert header == "| mnist, 200 test images | taught by large | taught by other |"
    before, after = (100 - np.mean(errors) / 2 for errors in (ALONE, TAUGHT))
    cells = row.strip("| ").split(" | ")
    assert cells[0] == "small" and cells[2] == "not run yet"
    assert cells[1].startswith(f"{before:.2f} ± ") and f" → {after:.2f} ± " in cells[1]
    assert f"(p = {stats.ttest_rel(TAUGHT, ALONE).pvalue:.2g})" in cells[1]
