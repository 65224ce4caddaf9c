"""What the distillation benchmark trains: random images, nets by name, and a teacher's logits."""

import dataclasses

import numpy as np

from common import data, models, teachers
from common.data import views
from common.distillation import Distillation
from common.runs import Recipe, Run

TEACHER = "random-teacher-0-seed0"  # the run that a logits file would name


@dataclasses.dataclass(frozen=True)
class Task:
    """One distillation on random images.

    Args:
        teacher, student: names in `common.models`.
        student_options: the builder's own, such as {"width": 0.1}.
        image_shape, classes: of images and logits.
        batch_size: images a step.
        steps: in one epoch.
        views: name of the view set that the students' images are drawn from.
    """

    teacher: str
    student: str
    image_shape: tuple
    classes: int
    batch_size: int
    steps: int
    views: str = "plain"
    student_options: dict = dataclasses.field(default_factory=dict)

    @property
    def images(self):
        return self.batch_size * self.steps

    def teacher_model(self):
        """The teacher in Keras, with random weights but for its last layer.

        Untrained, so deep a net's logits would overflow; zeros take the same time.
        """
        model = models.build(self.teacher, self.image_shape, self.classes)
        for weight in model.layers[-1].weights:
            weight.assign(np.zeros(weight.shape))
        return model

    def dataset(self):
        """data.Dataset of random pixels and labels, `images` of them to train on."""
        random = np.random.default_rng(0)

        def part(count):
            images = random.integers(0, 256, (count, *self.image_shape), "uint8")
            return data.Split(images, random.integers(0, self.classes, count, "int32"))

        names = tuple(map(str, range(self.classes)))
        return data.Dataset("random", names, part(self.images), part(8), part(8))

    def runs(self, temperatures, seeds=(0,)):
        """One distilled student for each temperature and seed, of one recipe."""
        recipe = Recipe(1, self.batch_size, schedule="constant", views=self.views)
        return [
            Run(
                "random",
                self.student,
                recipe,
                seed=seed,
                options=self.student_options,
                teacher=TEACHER,
                distillation=Distillation(temperature, alpha=0.9),
            )
            for seed in seeds
            for temperature in temperatures
        ]


class RandomLogits:
    """Stands in for a `teachers.Logits` of a task's training images, in all views."""

    identity = TEACHER

    def __init__(self, task):
        shape = (task.images, views.get(task.views).count, task.classes)
        logits = np.random.default_rng(1).standard_normal(shape, "float32").astype("float16")
        self._targets = teachers.Targets(logits, np.arange(task.images))

    def targets(self, split, images, *seen):
        return self._targets


MNIST = Task("resnet164", "cnn", (28, 28, 1), 10, batch_size=128, steps=40)
CIFAR = Task("resnet110", "resnet20", (32, 32, 3), 100, 64, 128, "crop_flip")
