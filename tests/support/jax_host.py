"""Training under JAX without TensorFlow, as on a GPU host, in a separate process.

python -m tests.support.jax_host DATA_DIR OUTPUT_DIR

It reads the array cache, distills in mixed precision, is interrupted and resumes. It fails if a
training differs from an uninterrupted one, or from one with the GPU paths.
"""

import importlib.abc
import sys

MISSING = {"tensorflow", "tensorflow_datasets", "tensorboard", "mlxtend", "papermill", "ipywidgets"}
MISSING |= {"etils"}  # of TensorFlow Datasets; JAX's cache would import TensorFlow through it


class _MissingPackages(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in MISSING:
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
        """Interrupts the second epoch of a training of `students` students."""

        def __init__(self, students):
            super().__init__()
            self.students = students

        def on_train_batch_end(self, batch, logs=None):
            if len(self.model.models) == self.students and self.model.optimizer.iterations > 4:
                raise KeyboardInterrupt

    few = data.load("mnist", data_dir=data_dir, limit=60)
    options = {"seed": 7, "pixel_statistics": few.pixel_statistics, "width": 8}
    teacher = models.build("mlp", few.image_shape, few.classes, **options)
    logits = teachers.make(f"{folder}/teacher", teacher, few, "mnist-mlp-0-seed7", "mnist_jitter")
    recipe = Recipe(
        epochs=2,
        batch_size=20,
        optimizer="sgd",
        weight_decay=1e-3,
        views="mnist_jitter",
        precision="mixed_bfloat16",
    )
    dropout = {"options": {"width": 8, "dropout": 0.5}, "limit": 60}
    distilled = {"teacher": logits.identity, "distillation": Distillation(4, 0.9)}
    runs = [Run("mnist", "mlp", recipe, **dropout, **kind) for kind in ({}, distilled)]

    def run(name, callbacks=()):
        options = {"output_dir": f"{folder}/{name}", "teachers": [logits], "callbacks": callbacks}
        try:
            return training.run(runs, few, **options)
        except KeyboardInterrupt:
            return "interrupted"

    def assert_resumed(uninterrupted, name, *students):
        for count in students:
            assert run(name, [Interrupt(count)]) == "interrupted"
        for record, resumed in zip(uninterrupted, run(name), strict=True):
            assert record["weights_sha256"] == resumed["weights_sha256"]

    assert_resumed(run("host"), "host interrupted", 2)
    plain = {"options": {"width": 8}, "limit": 60}
    for seed in (1, 2):
        runs += [Run("mnist", "mlp", recipe, seed, **plain, **kind) for kind in ({}, distilled)]
    host = run("host")
    gpu_memory, train_function, compiled = hardware.gpu_memory, multi_step.train_function, []
    choose_steps = multi_step.choose_steps_per_dispatch
    hardware.gpu_memory = lambda: 10**9
    multi_step.choose_steps_per_dispatch = lambda steps: 2  # does not divide the three
    multi_step.train_function = lambda step: compiled.append(step) or train_function(step)
    device = run("device")
    assert len(compiled) == 2  # a job with dropout, a stack of two seeds
    assert_resumed(device, "device interrupted", 2, 4)
    model, indices = job.TrainingJob(runs[:2], few, {logits.identity: logits}).fit_inputs()
    model.train_on_batch(*indices[0])
    assert model.optimizer.iterations == 1
    for record, close in zip(host, device, strict=True):
        assert close.get("stacked", False) == ("dropout" not in str(record["configuration"]))
        for curve, values in record["curve"].items():
            np.testing.assert_allclose(values, close["curve"][curve], rtol=1e-3, err_msg=curve)
    hardware.gpu_memory, multi_step.choose_steps_per_dispatch = gpu_memory, choose_steps
    multi_step.train_function = train_function
    options = ["--limit", "60", "--epochs", "1", "--data-dir", data_dir, "--seeds", "0"]
    options += ["--output-dir", folder]
    cli.main("mnist", ["teacher", "cnn", *options])
    cli.main("mnist", ["distill", "--teacher", "cnn", "--student", "cnn_small", *options])


if __name__ == "__main__":
    sys.meta_path.insert(0, _MissingPackages())
    train(*sys.argv[1:])
    assert not MISSING & {name.partition(".")[0] for name in sys.modules}
    print("trained under JAX")
