"""Sentences of README that no marked table holds to the records; its example."""

import re

import numpy as np

from cifar100 import pilot
from cifar100 import recipes as cifar100
from common import models, results
from common.results import readme
from common.runs import records
from mnist import recipes, teacher_seeds_table
from mnist.tables import pair_groups


def of_mnist():
    groups = results.group_seeds(records.load_all(recipes.FOLDER))
    return results.select(groups, dataset="mnist", limit=None)


def crossed():
    """{(student, teacher): Comparison with labels alone}, as in the table students by teachers."""
    found = pair_groups(of_mnist())
    compared = {}
    for teacher, taught_by in recipes.TEACHERS.items():
        for student in recipes.PAIRED_STUDENTS:
            group = results.best_distilled_by(recipes.STUDENTS[student], taught_by, found)
            alone = results.baseline_of(group, found)
            assert set(group.seeds) == set(alone.seeds) == set(recipes.SEEDS)
            compared[student, teacher] = results.compare(group, alone)
    return compared


def holding(compared, level=0.05):
    """The tests that hold under Holm's correction (Holm 1979), smallest p first."""
    ordered = sorted(compared, key=lambda key: compared[key].p)
    for rank, key in enumerate(ordered):
        if compared[key].p > level / (len(ordered) - rank):
            return ordered[:rank]
    return ordered


def test_what_holds_of_students_by_teachers():
    compared = crossed()
    held = holding(compared)
    gains = {key for key in compared if key[0].endswith(("_few", "_small")) or key[0] == "mlp"}
    losses = {("cnn", "cnn_ensemble"), ("cnn_ensemble", "cnn_ensemble")}
    assert (len(compared), set(held)) == (28, gains | losses)

    def percent(keys):
        fewer = [100 * compared[key].fewer for key in keys]
        return round(min(fewer)), round(max(fewer))

    assert percent(key for key in gains if key[0] != "mlp") == (17, 48)
    assert percent(key for key in gains if key[0] == "mlp") == (20, 33)
    assert percent(losses)[1] < 0
    almost = [compared["cnn", teacher] for teacher in ("vgg16", "resnet164")]
    assert [round(100 * one.fewer) for one in almost] == [9, 11]
    assert np.allclose([one.p for one in almost], [0.009, 0.0084], atol=5e-5)
    others = set(compared) - gains - losses - {("cnn", "vgg16"), ("cnn", "resnet164")}
    assert len(others) == 4 and min(compared[key].p for key in others) > 0.3


def test_what_holds_of_other_trainings_of_a_teacher():
    found = of_mnist()
    worst = (
        results.baseline_for(recipes.TEACHERS["cnn_ensemble"], found)
        .values("errors")
        .argsort()[-2:]
    )
    expected = {"cnn_small": (39, 44, 42), "cnn_ensemble": (-26, -13, -15)}
    for name, (least, most, over_both) in expected.items():
        net = recipes.STUDENTS[name]
        alone, taught = (
            results.baseline_for(net, found),
            teacher_seeds_table.of_trainings(net, found),
        )
        assert set(taught) == set(recipes.SEEDS)
        compared = {seed: results.compare(group, alone) for seed, group in taught.items()}
        fewer = {seed: 100 * one.fewer for seed, one in compared.items()}
        assert (round(min(fewer.values())), round(max(fewer.values()))) == (least, most)
        both = results.compare(teacher_seeds_table.paired(taught), alone)
        assert round(100 * both.fewer) == over_both
        assert both.p < 1e-4 if name == "cnn_small" else abs(both.p - 0.034) < 5e-4
    assert {seed for seed in fewer if fewer[seed] < -20.5} == set(worst)  # of the ensemble


def test_what_a_longer_training_on_cifar100_leaves_of_the_gain():
    found = results.group_seeds(records.load_all(cifar100.FOLDER))
    taught_by = pilot.TEACHERS["pilot_vgg8"]
    teacher = results.baseline_for(taught_by, found)
    assert round(100 * teacher.values("accuracy").mean(), 1) == 63.6
    said = {"pilot_cnn": (4.0, 24), "longer_cnn": (2.4, 29)}
    for name, (points, way) in said.items():
        net = cifar100.STUDENTS[name]
        alone = results.baseline_for(net, found)
        settings = {"temperature": 4.0, "alpha": 0.9, "shuffled": False}
        (taught,) = results.select(
            results.distilled_by(net, pilot.TEACHERS["pilot_vgg8"], found), **settings
        )
        gain = 100 * (taught.values("accuracy") - alone.values("accuracy")).mean()
        left = 100 * (teacher.values("accuracy") - alone.values("accuracy")).mean()
        assert round(gain, 1) == points and round(100 * gain / left) == way
    assert abs(results.compare(taught, alone).p - 0.0004) < 5e-5
    learned = [100 * group.curves("accuracy")[:, -1].mean() for group in (alone, taught)]
    assert [round(share) for share in learned] == [66, 61]


def test_seed_k_is_taught_by_training_k():
    configuration = {"model": "mlp"}
    taught = {
        k: results.SeedGroup(configuration, {seed: (seed, k) for seed in range(4)}) for k in (0, 2)
    }
    assert teacher_seeds_table.paired(taught).seeds == {0: (0, 0), 2: (2, 2)}


def test_the_example_runs(few):
    example = re.search(r"```python\n(.*?)```", readme.README.read_text(), re.DOTALL)[1]
    large = models.build("mlp", few.image_shape, few.classes, seed=5, width=16)
    given = {"large": large, "images": few.train.images, "labels": few.train.labels}
    exec(example.replace("epochs=10", "epochs=1, verbose=0"), given)
    losses = given["both"].history.history
    assert {"baseline_loss", "distilled_loss", "baseline_accuracy"} <= set(losses)
    assert losses["baseline_loss"] != losses["distilled_loss"]
