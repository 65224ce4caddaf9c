"""Files of students' weights: read by name, whatever their order."""

import keras
import numpy as np
import pytest
from keras import layers

from common.side_by_side import SideBySide, Student
from common.training.accelerated.stacked import StackedStudents


def net(seed, name=None):
    kernel = keras.initializers.RandomNormal(seed=seed)
    ends = [layers.Flatten(), layers.Dense(10, kernel_initializer=kernel)]
    return keras.Sequential([keras.Input((4, 4, 1)), *ends], name=name)


def trained(kind, names, seeds, epochs=1, callbacks=(), model_names=(None, None)):
    """`kind` of students of these names and initial weights, after `epochs` of Adam."""
    models = [net(seed, name) for seed, name in zip(seeds, model_names, strict=True)]
    students = zip(names, models, (0, 0.9), strict=True)
    both = kind({name: Student(model, 2, alpha) for name, model, alpha in students})
    both.compile(keras.optimizers.Adam(0.01), run_eagerly=True)
    rng = np.random.default_rng(0)
    images, teacher = rng.normal(100, 50, (8, 4, 4, 1)), rng.normal(0, 3, (8, 10))
    targets = {"labels": rng.integers(0, 10, 8), "teacher": teacher.astype("float32")}
    options = {"epochs": epochs, "callbacks": list(callbacks), "verbose": 0}
    both.fit(images.astype("float32"), targets, **options)
    both.sync_weights()
    return both


def weights(model):
    return [np.array(weight) for weight in model.get_weights()]


def assert_equal(first, second):
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("kind", "model_names"),
    [(SideBySide, (None, None)), (SideBySide, ("zebra", "ant")), (StackedStudents, (None, None))],
)
def test_weights_are_read_by_name(kind, model_names, tmp_path):
    path = tmp_path / "both.weights.h5"
    first = trained(kind, ("baseline", "distilled"), (1, 2), model_names=model_names)
    first.save_weights(path)
    second = trained(kind, ("distilled", "baseline"), (3, 4))
    second.load_weights(path)
    second.sync_weights()
    for name in ("baseline", "distilled"):
        assert_equal(weights(first.models[name]), weights(second.models[name]))
    assert_equal(first.optimizer.variables, second.optimizer.variables)  # slots of Adam
    order = [model.trainable_variables for model in second.by_name.values()]
    if kind is SideBySide:
        flat = [id(variable) for variables in order for variable in variables]
        assert [id(variable) for variable in second.trainable_variables] == flat


def test_backup_is_restored_by_name(tmp_path):
    def backup():
        return keras.callbacks.BackupAndRestore(tmp_path, delete_checkpoint=False)

    first = trained(SideBySide, ("baseline", "distilled"), (1, 2), callbacks=[backup()])
    second = trained(SideBySide, ("distilled", "baseline"), (3, 4), callbacks=[backup()])
    for name in ("baseline", "distilled"):  # the backup has all epochs: nothing is trained
        assert_equal(weights(first.models[name]), weights(second.models[name]))


@pytest.mark.parametrize("names", [("baseline", "T20"), ("distilled", "other")])
def test_weights_of_other_students_are_refused(names, tmp_path):
    path = tmp_path / "both.weights.h5"
    trained(SideBySide, ("baseline", "distilled"), (1, 2), epochs=0).save_weights(path)
    other = trained(SideBySide, names, (3, 4), epochs=0)
    before = weights(other)
    with pytest.raises(ValueError, match="are of students baseline, distilled, the model has"):
        other.load_weights(path)
    net(1).save_weights(path)
    with pytest.raises(ValueError, match="are of no students"):
        other.load_weights(path)
    assert_equal(before, weights(other))
