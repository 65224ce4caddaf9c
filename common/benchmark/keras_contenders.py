"""Contenders of the distillation benchmark that train with Keras; all contenders by name.

A contender is a function without arguments that trains one epoch and returns its seconds. `ours`
is this project's training; `plain`, `bare` and `distiller` are what it is measured against.
"""

import importlib.util

from common import models
from common.backend import batching, keras
from common.backend.precision import dtype_policy
from common.benchmark import bare_step
from common.benchmark.tasks import TEACHER, RandomLogits
from common.training.accelerated import multi_step
from common.training.job import TrainingJob

DISTILLER, PYTORCH = "Keras's Distiller", "a PyTorch loop"


def online(task, dataset):
    """{name: contender} of those that evaluate the teacher in every step.

    Keras's Distiller with and without XLA, and the PyTorch loop if PyTorch is installed.
    """
    xla = (False, True) if keras.config.backend() == "tensorflow" else (True,)
    contenders = {f"{DISTILLER}{' with XLA' * jit}": distiller(task, dataset, jit) for jit in xla}
    return contenders | pytorch(task, dataset)


def ours(task, dataset, temperatures, model_class=None, seeds=(0,)):
    """Contender `common.training`: students side by side on cached logits.

    Args:
        task: tasks.Task.
        dataset: data.Dataset of random images.
        temperatures: of the students, one for each and seed.
        model_class: as in `TrainingJob`.
        seeds: of the students.
    """
    return train(task, dataset, task.runs(temperatures, seeds), model_class)


def train(task, dataset, runs, model_class=None, inputs=TrainingJob.fit_inputs):
    """Contender `common.training` of a list of runs, side by side; arguments as in `ours`.

    Args:
        inputs: function (TrainingJob) -> (model, data) of `fit`, such as `from_host`.
    """
    teachers = {TEACHER: RandomLogits(task, dataset.train.labels)}
    job = TrainingJob(runs, dataset, teachers, model_class)
    model, data = inputs(job)

    def epoch():
        job.batches.set_epoch(0)
        return bare_step.seconds(model, data, shuffle=False)

    return epoch


def from_host(job):
    """(model, data) of a TrainingJob that is sent every batch, as without a GPU."""
    return job.model, batching.to_tf_dataset(job.batches)


def one_step_per_dispatch(job):
    """(model, data) of a TrainingJob whose steps are dispatched one by one."""
    model, data = job.fit_inputs()
    if model is not job.model:  # on a GPU
        model.compile(model.optimizer, jit_compile=model.jit_compile, steps_per_execution=1)
    return model, data


def plain(task, dataset, temperatures):
    """Contender plain `fit`: as many students on labels only, one after another.

    `temperatures` may be any list, whose length counts.
    """
    students = [_student(task) for _ in temperatures]
    for student in students:
        student.compile("adam", _hard_loss(), metrics=["accuracy"])

    return lambda: sum(_fit(student, task, dataset) for student in students)


def bare(task, dataset):
    """Contender bare step: the compiled training step on one batch on the device, no teacher."""
    batch, steps = dataset.train.take(slice(task.batch_size)), task.steps
    per_dispatch = multi_step.choose_steps_per_dispatch(steps)
    return bare_step.epoch(_student(task), batch, steps, steps_per_execution=per_dispatch)


def distiller(task, dataset, jit):
    """Contender keras.distillation.Distiller, with the loss of Hinton et al., with XLA if `jit`.

    Its default loss compares logits without a softmax (keras 3.12 to 3.15.1); the loss object
    compares softmaxes, as ours does.
    """
    distillation = keras.distillation
    loss = distillation.LogitsDistillation(temperature=4.0, loss=keras.losses.KLDivergence())
    model = distillation.Distiller(
        task.teacher_model(), _student(task), loss, student_loss_weight=0.1
    )
    model.compile("adam", _hard_loss(), metrics=["accuracy"], jit_compile=jit)
    return lambda: _fit(model, task, dataset)


def pytorch(task, dataset):
    """{PYTORCH: contender}; {} if PyTorch is not installed."""
    if not has_pytorch():
        return {}
    from common.benchmark import torch_contenders

    return {PYTORCH: torch_contenders.epoch(task, dataset)}


def has_pytorch():
    """Whether PyTorch is installed."""
    return importlib.util.find_spec("torch") is not None


def _student(task):
    with dtype_policy(task.precision):
        return models.build(task.student, task.image_shape, task.classes, **task.student_options)


def _hard_loss():
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def _fit(model, task, dataset):
    train = dataset.train
    return bare_step.seconds(model, train.images, train.labels, batch_size=task.batch_size)
