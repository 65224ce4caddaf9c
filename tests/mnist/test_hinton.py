"""The table of Hinton's experiments: made-up records, cells worked out by hand."""

import dataclasses
import types

import pytest

from common import results
from common.distillation import Distillation
from common.experiments.study import Study
from common.results import readme
from mnist import hinton, hinton_table, tables


@pytest.fixture
def study(few):
    return Study(hinton.STUDY, few.trainval())


def record(run, errors, new_biases=None):
    test = {"errors": errors, "wrong": list(range(errors)), "accuracy": 1 - errors / 1000}
    values = {"run": run.id, "seed": run.seed, "configuration": run.configuration, "test": test}
    values |= {"images": {"train": 6000, "test": 1000}}
    return values | ({"missing_classes": new_biases} if new_biases else {})


def taught(study, name, seed, temperature=20, teacher="mlp_1200"):
    logits = types.SimpleNamespace(identity=f"{study.teacher(teacher).name}@0123456789ab")
    return study.student(name, seed, logits=logits, distillation=Distillation(temperature, 0.9))


def cells(text, start):
    (line,) = (line for line in text.splitlines() if line.startswith(f"| {start}"))
    return [cell.strip() for cell in line.split("|")[2:-1]]


def rules(none, prior, paper):
    names = {"none": none, "prior": prior, "paper": paper}
    made = {key: {"errors": all_, "errors_on_missing": part} for key, (all_, part) in names.items()}
    return {"classes": [3], "images": 200, "rules": made}


def test_nothing_has_been_run():
    text = hinton_table.table([])
    assert text.count("not run yet") == 19
    assert cells(text, "H3 distilled") == ["74", "not run yet"]


def test_students_beside_the_paper(study):
    made = [record(study.student("mlp_800", seed), 15 + seed) for seed in (0, 1)]
    made += [record(taught(study, "mlp_800", seed), 10 - seed) for seed in (0, 1)]
    made += [record(study.teacher("mlp_1200"), 7), record(study.teacher("mlp_1200_longer"), 6)]
    made += [record(study.teacher("mlp_1200_jitter"), 5)]
    made += [record(taught(study, "mlp_800_longer", 0), 5)]
    made += [record(taught(study, "mlp_800_longer", 0, teacher="mlp_1200_jitter"), 4)]
    made += [record(study.student("mlp_800_longer", 0), 20)]
    made += [record(study.student("mlp_800_jitter", 0), 9)]
    made += [record(taught(study, "mlp_800_jitter", 0, 4, "mlp_1200_longer"), 3)]
    text = hinton_table.table(results.group_seeds(made))
    assert text.startswith("| mnist_all, 6,000 train, 1,000 test images | paper |")
    assert cells(text, "H1 teacher") == ["67", "7.0 (1)"]
    assert cells(text, "H1 in three times") == ["67", "6.0 (1)"]
    assert cells(text, "H2 student") == ["146", "15.5 ± 0.7 (2)"]
    assert cells(text, "H3 distilled")[1].startswith("9.5 ± 0.7 (2): 39 % fewer errors")  # 12 of 31
    assert cells(text, "H2 in three times") == ["146", "20.0 (1)"]
    longer = cells(text, "H3 in three times as many epochs, errors")[
        1
    ]  # beside a baseline of as many epochs
    assert longer.startswith("5.0 (1): 75 % fewer errors (too few seeds to test)")
    assert cells(text, "H1 on jitter alone") == ["", "5.0 (1)"]
    assert cells(text, "H3 in three times as many epochs, from")[1].startswith(
        "4.0 (1): 80 % fewer errors"
    )
    assert cells(text, "H2 on jittered images") == ["", "9.0 (1)"]
    assert cells(text, "H3 on jittered images")[1].startswith("3.0 (1): 67 % fewer errors")


def test_a_quick_look_has_no_rows_of_more_epochs(few):
    """Its epochs are those of every net, so that such a row would be another one's copy."""
    study = Study(hinton.STUDY, dataclasses.replace(few, limit=1000).trainval(), epochs=2)
    made = [record(study.student(name), 20) for name in ("mlp_800", "mlp_800_longer")]
    text = hinton_table.table(results.group_seeds(made))
    assert cells(text, "H2 student") == ["146", "20.0 (1)"]
    assert "three times" not in text


def test_sweeps_are_in_order(study):
    made = [record(taught(study, "mlp_30", 0, t), int(40 + t)) for t in (20, 1, 3)]
    made += [record(study.student("mlp_30"), 50)]
    expected = "50.0 (1) baseline, 41 at 1, 43 at 3, 60 at 20"
    assert cells(hinton_table.table(results.group_seeds(made)), "H5")[1] == expected


def test_biases_of_classes_never_seen(study):
    made = [
        record(taught(study, "without_3", seed), 20, rules((20, 15), (12, 8 + seed), (10, 2)))
        for seed in (0, 2)
    ]
    made += [record(taught(study, "without_3_longer", 0), 20, rules((20, 15), (5, 1), (5, 1)))]
    made += [record(taught(study, "only_7_8", 0), 500, rules((500, 9), (99, 9), (132, 9)))]
    text = hinton_table.table(results.group_seeds(made))
    assert cells(text, "H6 no threes, as trained")[0] == "206, of them 133 on threes"
    expected = "12.0 ± 0.0 (2), of them 9.0 ± 1.4 on threes: 95.5 ± 0.7 % of threes right"
    assert cells(text, "H6 no threes, bias without labels") == ["", expected]
    longer = "5.0 (1), of them 1.0 on threes: 99.5 % of threes right"
    assert cells(text, "H6 in three times as many epochs")[1] == longer
    assert cells(text, "H7 only sevens and eights, as trained") == ["47.3 %", "50.0 % (1)"]
    assert cells(text, "H7 only sevens and eights, bias chosen on test")[1] == "13.2 % (1)"


def test_the_papers_points():
    assert hinton.paper_points("without_3", 10_000) == [(0, 206), (3.5, 109)]
    assert hinton.paper_points("only_7_8", 1_000) == [(0, pytest.approx(473)), (7.6, 132)]


def test_tables_know_the_data_they_are_of(study):
    """Runs on all training images appear in no table of the others, and the reverse."""
    whole = results.group_seeds([record(study.teacher("mlp_1200"), 7)])
    (text,) = readme.render_all(tables, whole)
    assert cells(text, "H1 teacher") == ["67", "7.0 (1)"]
