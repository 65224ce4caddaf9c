"""Content of an interactive page: headline, images to choose from, logits, sweeps, weights."""

import dataclasses

import numpy as np

from common import metrics, results, teachers
from common.explorer import page_data, page_methods, page_record
from common.utils import files, packages

TITLES = {
    "mnist": "MNIST",
    "cifar100": "CIFAR-100",
    "tiny_imagenet": "Tiny ImageNet",
    "tiny_imagenet20": "20 classes of Tiny ImageNet",
}
IMAGES = 12  # in the row of images to choose from
ALPHA = 0.9  # of the recorded sweeps


def choose_images(logits, labels, count=IMAGES):
    """Rows of instructive images: the most ambiguous of each class, then the teacher's errors.

    Args:
        logits: (n, classes) floats of the teacher.
        labels: (n,) integers.
        count: number of rows.

    Returns:
        list of integers; with more classes than `count`, only the most ambiguous classes.
    """
    by_entropy = np.argsort(-metrics.entropy(logits), kind="stable")
    _, first = np.unique(np.asarray(labels)[by_entropy], return_index=True)
    wrong = by_entropy[~metrics.correct(logits, labels)[by_entropy]]
    of_classes = by_entropy[np.sort(first)][:count]
    order = [*sorted(of_classes, key=lambda row: labels[row]), *wrong, *by_entropy]
    return [int(row) for row in dict.fromkeys(order)][:count]


@dataclasses.dataclass(frozen=True)
class Teacher:
    """A teacher of the page.

    title: for readers; logits: teachers.Logits; model: its keras.Model if it is a `models.cnn`,
    so that it can answer in the browser, else None.
    """

    title: str
    logits: teachers.Logits
    model: object = None

    @classmethod
    def committed(cls, study):
        """The first teacher of a study with committed logits.

        Raises:
            FileNotFoundError: there is none.
        """
        recipes = [spec.recipe for spec in study.spec.students.values()]
        view_sets = ["plain", *(recipe.view_set for recipe in recipes)]
        for name, spec in study.spec.teachers.items():
            run = study.teacher(name)
            for view_set in view_sets:
                if (teachers.folder(study.committed_dir, run, view_set) / "header.json").exists():
                    answers = spec.model == "cnn" and trains(study.dataset)
                    model = study.model(run) if answers else None
                    logits = study.committed_logits(name, view_set=view_set)
                    return cls(spec.title, logits, model)
        raise FileNotFoundError(no_teacher(study.dataset.name, study.committed_dir))


def content(dataset, teacher, groups, pairs):
    """Data of a page, as page.js reads them.

    Args:
        dataset: data.Dataset.
        teacher: Teacher. If it has a model, it classifies drawings in the page.
        groups: list of results.SeedGroup, of the recorded sweeps.
        pairs: list of (student, teacher), ModelSpecs, whose sweeps are shown; the first with
            records gives the headline.
    """
    parts = splits(dataset, teacher)
    test, targets = parts["test"]
    title = _title(dataset.name)
    values = {
        "title": title,
        "names": list(dataset.class_names),
        "side": dataset.image_shape[0],
        "T": 4 if len(dataset.class_names) <= IMAGES else 1,  # a hundred are near uniform at 4
        "choices": choose_images(targets, test.labels),
        "test": page_data.split_data(test, targets),
        "sweeps": page_data.sweeps(groups, pairs, ALPHA),
        "source": f"Images of the test split of {title}; logits of {teacher.title} "
        f"({teacher.logits.identity}). Everything on this page is computed in your browser; it "
        "loads nothing and sends nothing.",
    }
    values |= _headline(groups, pairs, teacher.title)
    return values | (_training(dataset, teacher, parts) if trains(dataset) else {})


def splits(dataset, teacher):
    """{name: (data.Split, (n, classes) logits of a `Teacher`)} of the page's "test" images.

    With "train" too if students train in the page.
    """
    training = {"train": page_data.TRAIN, "test": page_data.TEST}
    counts = training if trains(dataset) else {"test": page_data.TEST_ONLY}
    parts = {name: getattr(dataset, name).take(slice(count)) for name, count in counts.items()}
    return {
        name: (part, teacher.logits.targets(name, part.images).unaugmented())
        for name, part in parts.items()
    }


def trains(dataset):
    """Whether students train in the browser and drawings are classified: 28×28 gray images."""
    return tuple(dataset.image_shape) == (28, 28, 1)


def _training(dataset, teacher, parts):
    values = {"train": page_data.split_data(*parts["train"]), "methods": page_methods.methods()}
    if teacher.model:
        values["layers"] = page_data.teacher_layers(teacher.model)
    values["recorded"] = page_record.read(dataset.name, parts)
    return values | page_data.pixel_scale(dataset)


def _title(name):
    return TITLES.get(name) or TITLES.get(packages.package_name(name), name)


def _headline(groups, pairs, teacher):
    """The finding and the lead of the page, from the first pair's records."""
    ours = results.Results(groups)
    for student, its_teacher in pairs:
        baseline, best = ours.baseline(student), ours.best_distilled(student, its_teacher)
        if baseline and best:
            return _finding(student.title, its_teacher.title, baseline, best)
    return {
        "finding": f"What {teacher} knows beyond its answer",
        "lead": "Turn the temperature and see which other classes an image resembles.",
    }


def _finding(student, teacher, baseline, best):
    errors, fewer = (group.values("errors").mean() for group in (baseline, best))
    change = 100 * (1 - fewer / errors)
    return {
        "finding": f"Soft targets cut a student's test errors by {change:.0f} %"
        if change > 0
        else "Soft targets do not lower this student's test errors",
        "lead": f"The student ({student}) makes {errors:,.0f} test errors when it learns from "
        f"labels only, the mean of {len(baseline.seeds)} seeds, and {fewer:,.0f} when a teacher "
        f"({teacher}) adds its soft targets. A temperature sets how soft they are: turn it.",
    }


def no_teacher(name, folder):
    """The sentence that refuses a page for lack of a teacher's logits in `folder`."""
    return (
        f"no logits of a teacher of {name} in {files.display_path(folder)}: its page needs them; "
        f"train a teacher first, python -m {packages.package_name(name)} teacher"
    )
