"""One epoch of a distillation in Keras: ours, Keras's own, and the students without a teacher.

Each call returns its seconds.
"""

import importlib.util

from common import models
from common.backend import keras
from common.benchmark import bare_step
from common.benchmark.tasks import TEACHER, RandomLogits
from common.training.accelerated import multi_step
from common.training.job import TrainingJob


def ours(task, dataset, temperatures, together=None, seeds=(0,)):
    """An epoch of `common.training`: students together on a teacher's cached logits."""
    runs = task.runs(temperatures, seeds)
    group = TrainingJob(runs, dataset, {TEACHER: RandomLogits(task)}, together)
    model, data = group.fit_inputs()

    def epoch():
        group.batches.set_epoch(0)
        return bare_step.seconds(model, data, shuffle=False)

    return epoch


def plain(task, dataset, temperatures):
    """An epoch of Keras's `fit` on the labels, of as many students, one after another."""
    students = [_student(task) for _ in temperatures]
    for student in students:
        student.compile("adam", _hard_loss(), metrics=["accuracy"])

    return lambda: sum(_fit(student, task, dataset) for student in students)


def distiller(task, dataset, jit):
    """An epoch of keras.distillation.Distiller, its loss as Hinton et al. define it.

    Its default loss compares logits without a softmax (keras 3.12 to 3.15.1); the loss object
    compares softmaxes, as ours does.
    """
    distillation = keras.distillation
    loss = distillation.LogitsDistillation(temperature=4.0, loss=keras.losses.KLDivergence())
    both = distillation.Distiller(
        task.teacher_model(), _student(task), loss, student_loss_weight=0.1
    )
    both.compile("adam", _hard_loss(), metrics=["accuracy"], jit_compile=jit)
    return lambda: _fit(both, task, dataset)


def bare(task, dataset):
    """An epoch of the compiled training step alone: one batch on the device, no teacher."""
    batch, steps = dataset.train.take(slice(task.batch_size)), task.steps
    together = multi_step.choose_steps_per_dispatch(steps)
    return bare_step.epoch(_student(task), batch, steps, steps_per_execution=together)


def _student(task):
    return models.build(task.student, task.image_shape, task.classes, **task.student_options)


def _hard_loss():
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def _fit(model, task, dataset):
    train = dataset.train
    return bare_step.seconds(model, train.images, train.labels, batch_size=task.batch_size)


DISTILLER, PYTORCH = "Keras's Distiller", "a PyTorch loop"


def has_pytorch():
    return importlib.util.find_spec("torch") is not None


def every(task, dataset):
    """{name: an epoch} of Keras's Distiller with and without XLA, and PyTorch where it is."""
    from common.backend import keras

    pass

    settings = (False, True) if keras.config.backend() == "tensorflow" else (True,)
    calls = {f"{DISTILLER}{' with XLA' * jit}": distiller(task, dataset, jit) for jit in settings}
    return calls | pytorch(task, dataset)


def pytorch(task, dataset):
    """{PYTORCH: an epoch} where PyTorch is installed, else {}."""
    if not has_pytorch():
        return {}
    from common.benchmark import torch_contenders

    return {PYTORCH: torch_contenders.epoch(task, dataset)}
