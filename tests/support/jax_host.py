"""Train under JAX as on a host without TensorFlow.

python -m tests.support.jax_host DATA_DIR OUTPUT_DIR

Reads the array cache, distills in mixed precision, is interrupted, goes on; fails if a training
differs from an uninterrupted one, or from one whose data and steps are kept together as on a GPU.
"""

import importlib.abc
import sys

LACKING = {"tensorflow", "tensorflow_datasets", "tensorboard", "mlxtend", "papermill", "ipywidgets"}


class _Lacking(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in LACKING:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def train(data_dir, folder):
    import numpy as np

    from common import cli, data, models, teachers, training
    from common.backend import hardware, keras
    from common.distillation import Distillation
    from common.runs import Recipe, Run
    from common.training import job
    from common.training.accelerated import multi_step

    class Interrupt(keras.callbacks.Callback):
        """In the second epoch of a training of so many students."""

        def __init__(self, students):
            super().__init__()
            self.students = students

        def on_train_batch_end(self, batch, logs=None):
            if len(self.model.models) == self.students and self.model.optimizer.iterations > 4:
                raise KeyboardInterrupt

    few = data.load("mnist", data_dir=data_dir, limit=60)
    asked = models.build("mlp", few.image_shape, few.classes, seed=7, width=8)
    logits = teachers.make(f"{folder}/teacher", asked, few, "mnist-mlp-0-seed7", "mnist_jitter")
    recipe = Recipe(
        epochs=2,
        batch_size=20,
        optimizer="sgd",
        weight_decay=1e-3,
        views="mnist_jitter",
        precision="mixed_bfloat16",
    )
    own = {"options": {"width": 8, "dropout": 0.5}, "limit": 60}
    taught = {"teacher": logits.identity, "distillation": Distillation(4, 0.9)}
    runs = [Run("mnist", "mlp", recipe, **own, **more) for more in ({}, taught)]

    def run(place, callbacks=()):
        options = {"output_dir": f"{folder}/{place}", "teachers": [logits], "callbacks": callbacks}
        try:
            return training.run(runs, few, **options)
        except KeyboardInterrupt:
            return "interrupted"

    def same_though_cut(whole, place, *students):
        for number in students:
            assert run(place, [Interrupt(number)]) == "interrupted"
        for record, same in zip(whole, run(place), strict=True):
            assert record["weights_sha256"] == same["weights_sha256"]

    whole = run("whole")
    same_though_cut(whole, "cut", 2)
    plain = {"options": {"width": 8}, "limit": 60}
    for seed in (1, 2):
        runs += [Run("mnist", "mlp", recipe, seed, **plain, **k) for k in ({}, taught)]
    originals, made = (
        (hardware.gpu_memory, multi_step.choose_steps_per_dispatch, multi_step.train_function),
        [],
    )
    whole = run("whole")
    hardware.gpu_memory, multi_step.choose_steps_per_dispatch = (
        lambda: 10**9,
        lambda steps: 2,
    )  # of the three
    multi_step.train_function = lambda *how: made.append(how) or originals[2](*how)
    device = run("device")
    assert len(made) == 2, made  # a group with dropout, a stack of two seeds
    same_though_cut(device, "device cut", 2, 4)
    model, indices = job.TrainingJob(runs[:2], few, {logits.identity: logits}).fit_inputs()
    model.train_on_batch(*indices[0])
    assert model.optimizer.iterations == 1
    for record, close in zip(whole, device, strict=True):
        assert close.get("stacked", False) == ("dropout" not in str(record["configuration"]))
        for curve, values in record["curve"].items():
            np.testing.assert_allclose(values, close["curve"][curve], rtol=1e-3, err_msg=curve)
    hardware.gpu_memory, multi_step.choose_steps_per_dispatch, multi_step.train_function = originals
    where = ["--limit", "60", "--epochs", "1", "--data-dir", data_dir, "--seeds", "0"]
    cli.main("mnist", ["teacher", "cnn", *where, "--output-dir", folder])
    student = ["--teacher", "cnn", "--student", "cnn_small", "--output-dir", folder]
    cli.main("mnist", ["distill", *student, *where])


if __name__ == "__main__":
    sys.meta_path.insert(0, _Lacking())
    train(*sys.argv[1:])
    assert not LACKING & {name.partition(".")[0] for name in sys.modules}
    print("trained under JAX")
