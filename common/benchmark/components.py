"""Components of a training, timed alone: stacked students, the logits file, process start."""

import dataclasses
import tempfile

from common.benchmark import rows, startup, timing
from common.benchmark.rows import Row


def stack(task, temperatures, repeats):
    """Rows of two-layer students as one stack: five temperatures, then five seeds.

    Args:
        task: tasks.Task.
        temperatures: of the students.
        repeats: timed epochs of each contender.
    """
    from common.benchmark import keras_contenders
    from common.side_by_side import SideBySide
    from common.training.accelerated.stacked import StackedStudents

    small = {"student_options": {"width": 16}} if task.student_options else {}
    task = dataclasses.replace(task, student="mlp", **small)
    dataset, seeds = task.dataset(), range(5)
    one_seed = [keras_contenders.ours(task, dataset, [4.0], SideBySide, [seed]) for seed in seeds]
    calls = {
        "temperatures": keras_contenders.ours(task, dataset, temperatures, StackedStudents),
        "side by side": keras_contenders.ours(task, dataset, temperatures, SideBySide),
        "seeds": keras_contenders.ours(task, dataset, [4.0], StackedStudents, seeds),
        "in turn": lambda: sum(epoch() for epoch in one_seed),
    }
    seconds = timing.interleaved(calls, repeats)
    seconds = {name: rows.scale_to_epoch(values, task) for name, values in seconds.items()}
    for ours, theirs in (("temperatures", "side by side"), ("seeds", "in turn")):
        what = f"two-layer net, five {ours} as one stack, against {theirs}"
        aim = "several times, on a GPU"
        yield Row(what, seconds[ours], seconds[theirs], "s", "times", aim)


def logits_file(task, repeats):
    """Row of computing a teacher's logits file, against bare `predict` of the same images."""
    from common import teachers
    from common.benchmark import bare_step

    dataset = task.dataset()
    model = task.teacher_model()

    def make():
        with tempfile.TemporaryDirectory() as folder:
            teachers.make(f"{folder}/logits", model, dataset, "benchmark-0-seed0")

    splits = [getattr(dataset, split).images for split in teachers.SPLITS]

    def predict():
        return sum(bare_step.predict_seconds(model, images, batch_size=500) for images in splits)

    seconds = timing.interleaved({"ours": make, "theirs": predict}, repeats)
    both = (timing.per_second(values, sum(map(len, splits))) for values in seconds.values())
    what = f"logits file of {task.teacher}, against bare predict"
    yield Row(what, *both, "images/s", "share", "95 %")


def first_step(repeats):
    """Rows of a process's time to the first step and its memory, against plain Keras."""
    measured = {kind: [] for kind in ("ours", "plain")}
    for _ in range(repeats + 1):
        for kind, values in measured.items():
            values.append(startup.measure(kind))
    measured = {kind: values[1:] for kind, values in measured.items()}  # the first fills caches
    (ours, memory), (plain, plain_memory) = (zip(*both, strict=True) for both in measured.values())
    yield Row("command to first step, against plain Keras", ours, plain, "s", "more")
    both = ([value / 1e9 for value in values] for values in (memory, plain_memory))
    yield Row("peak of memory, against plain Keras", *both, "GB", "more")
