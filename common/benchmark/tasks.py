"""Tasks of the distillation benchmark: random images, networks by name, random logits."""

import dataclasses

import numpy as np

from common import data, models, teachers
from common.backend.precision import dtype_policy
from common.data import views
from common.distillation import Distillation
from common.runs import Recipe, Run

TEACHER = "random-teacher-0-seed0"  # in place of a run's name


@dataclasses.dataclass(frozen=True)
class Task:
    """A distillation on random images.

    Args:
        teacher, student: names in `common.models`.
        student_options: the builder's own, such as {"width": 0.1}.
        image_shape, classes: of images and logits.
        batch_size: images per step.
        steps: in one epoch.
        views: name of the view set that the students' images are drawn from.
        precision: of students, as in `Recipe`.
    """

    teacher: str
    student: str
    image_shape: tuple
    classes: int
    batch_size: int
    steps: int
    views: str = "plain"
    precision: str = "float32"
    student_options: dict = dataclasses.field(default_factory=dict)

    @property
    def images(self):
        """Number of training images."""
        return self.batch_size * self.steps

    def teacher_model(self):
        """The teacher as a Keras model with random weights, the last layer's zero.

        Logits of so deep an untrained network would overflow; zeros take the same time.
        """
        with dtype_policy(self.precision):
            model = models.build(self.teacher, self.image_shape, self.classes)
        for weight in model.layers[-1].weights:
            weight.assign(np.zeros(weight.shape))
        return model

    def dataset(self):
        """data.Dataset of random pixels and labels: `images` to train on, 8 in other splits."""
        rng = np.random.default_rng(0)

        def split(count):
            images = rng.integers(0, 256, (count, *self.image_shape), "uint8")
            return data.Split(images, rng.integers(0, self.classes, count, "int32"))

        names = tuple(map(str, range(self.classes)))
        return data.Dataset("random", names, split(self.images), split(8), split(8))

    def runs(self, temperatures, seeds=(0,)):
        """List of runs.Run, a distilled student for each seed and temperature."""
        return [
            self._run(seed, Distillation(temperature, alpha=0.9))
            for seed in seeds
            for temperature in temperatures
        ]

    def method_run(self, method):
        """runs.Run of a student distilled by a method at T = 4, with labels of weight 1."""
        return self._run(0, Distillation(4, hard_weight=1, method=method))

    def baseline_run(self):
        """runs.Run of a student on labels only."""
        return self._run(0, None)

    def _run(self, seed, distillation):
        recipe = Recipe(
            1,
            self.batch_size,
            schedule="constant",
            views=self.views,
            precision=self.precision,
        )
        teacher = {"teacher": TEACHER, "distillation": distillation} if distillation else {}
        options = {"options": self.student_options} | teacher
        return Run("random", self.student, recipe, seed=seed, **options)


class RandomLogits:
    """Random logits in place of `teachers.Logits`, of a task's training images in all views.

    Args:
        task: Task.
        labels: of the task's training images, whose logits are larger: logits at chance level
            would be taken for permuted ones.
    """

    identity = TEACHER

    def __init__(self, task, labels):
        shape = (task.images, views.get(task.views).count, task.classes)
        logits = np.random.default_rng(1).standard_normal(shape, "float32")
        logits[np.arange(task.images), :, labels] += 1
        self._targets = teachers.Targets(logits.astype("float16"), np.arange(task.images))

    def targets(self, split, images, view_set="plain"):
        """The same `Targets` for every split: (images, views, classes) random logits."""
        return self._targets


MNIST = Task("resnet164", "cnn", (28, 28, 1), 10, batch_size=128, steps=40)
CIFAR = Task("resnet110", "resnet20", (32, 32, 3), 100, 64, 128, "crop_flip", "mixed_bfloat16")
