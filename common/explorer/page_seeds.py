"""The page's students, trained with Keras and several seeds.

`python -m common.explorer.page_seeds` writes the committed record, mnist/page_seeds.json, from the
images in the page and the logits of its teacher, in minutes on two cores. The page draws the range
of its test errors behind those of the training that a visitor starts.
"""

import argparse
import sys

import numpy as np

from common import data, metrics
from common.backend import keras, layers
from common.experiments import method_grids
from common.experiments.study import Study
from common.explorer import page_content, page_methods, page_record
from common.runs.provenance import environment
from common.side_by_side import SideBySide, Student
from common.training import optimizers
from common.utils import files, packages
from common.utils.progress_bar import progress_bar

SEEDS = 5
# the defaults of the page and of static/training_section.js
SETTINGS = {"epochs": 20, "batch": 64, "optimizer": "adam", "rate": 3e-3, "temperature": 4}
ALPHA = 0.9
WIDTHS = {30: page_methods.METHODS, 300: ("kd",)}  # methods by units of the hidden layer


def train(splits, widths=None, seeds=SEEDS, epochs=SETTINGS["epochs"]):
    """Test errors of the page's students after each epoch.

    Args:
        splits: as in `page_content.splits`.
        widths: as `WIDTHS`; None for that.
        seeds, epochs: numbers of them.

    Returns:
        {width: {"baseline" or method: (seeds, epochs) lists of integers}}.
    """
    widths = WIDTHS if widths is None else widths
    with progress_bar(len(widths) * seeds * epochs, "students of the page", "epochs") as bar:
        return {
            str(width): _errors(_Training(splits, width, methods), seeds, epochs, bar)
            for width, methods in widths.items()
        }


def _errors(training, seeds, epochs, bar):
    errors = {name: [] for name in training.models}
    for seed in range(seeds):
        rng = training.restart(seed)
        curves = {name: [] for name in errors}
        for _ in range(epochs):
            for name, count in training.epoch(rng).items():
                curves[name].append(count)
            bar.update(1)
        for name, curve in curves.items():
            errors[name].append(curve)
    return errors


class _Training:
    """The baseline and a student of each method, side by side, from the same first weights."""

    def __init__(self, splits, width, methods):
        (self.train, self.logits), (self.test, _) = splits["train"], splits["test"]
        names = ("baseline", *methods)
        self.models = {name: network(width, self.train) for name in names}
        students = {name: student(name, self.models[name]) for name in names}
        self.students = SideBySide(students)
        self.students.compile(keras.optimizers.Adam(SETTINGS["rate"]))
        self.students.optimizer.build(self.students.trainable_variables)

    def restart(self, seed):
        """First weights, as in network.js; return the generator of the images' order."""
        rng = np.random.default_rng(seed)
        weights = next(iter(self.models.values())).get_weights()
        weights = [
            rng.normal(0, np.sqrt(2 / len(w)), w.shape) if w.ndim == 2 else 0 * w for w in weights
        ]
        for model in self.models.values():
            model.set_weights(weights)
        optimizers.restart(self.students.optimizer)
        return rng

    def epoch(self, rng):
        """Train for one epoch; return {name: test errors}."""
        order = rng.permutation(len(self.train))
        targets = {"labels": self.train.labels[order], "teacher": self.logits[order]}
        settings = {"batch_size": SETTINGS["batch"], "shuffle": False, "verbose": 0}
        self.students.fit(self.train.images[order], targets, **settings)
        return {name: self._test_errors(model) for name, model in self.models.items()}

    def _test_errors(self, model):
        w1, b1, w2, b2 = model.get_weights()  # faster than Keras's loop for so small a network
        pixels = self.test.images.reshape(len(self.test), -1).astype("float32") / 255
        logits = np.maximum(pixels @ w1 + b1, 0) @ w2 + b2
        return metrics.errors(logits, self.test.labels)


def network(width, split):
    """Keras model of the page's students: one hidden layer on pixels divided by 255."""
    inputs = keras.Input(split.images.shape[1:])
    hidden = layers.Dense(width, activation="relu")(
        layers.Flatten()(layers.Rescaling(1 / 255)(inputs))
    )
    return keras.Model(inputs, layers.Dense(int(split.labels.max()) + 1)(hidden))


def student(method, model):
    """`Student` of a method with the page's weights; "baseline" learns from labels only."""
    if method in ("baseline", "kd"):
        return Student(model, SETTINGS["temperature"], ALPHA if method == "kd" else 0)
    published = method_grids.GRIDS[method].published
    hard, soft = published.weights
    options = {"method": method, "options": published.options}
    return Student(model, SETTINGS["temperature"], hard_weight=hard, soft_weight=soft, **options)


def main(arguments=None):
    """Train the students of the page with several seeds and save their test errors.

    Args:
        arguments: list of str; by default those of the command line.
    """
    parser = argparse.ArgumentParser(
        prog="python -m common.explorer.page_seeds", description=__doc__
    )
    parser.add_argument("--data-dir", metavar="DIR", help="TFDS's folder")
    options = parser.parse_args(arguments)
    dataset = data.load("mnist", data_dir=options.data_dir)
    study = Study(packages.load_recipes("mnist").STUDY, dataset)
    teacher = page_content.Teacher.committed(study)
    splits = page_content.splits(dataset, teacher)
    record = {
        "environment": environment(),
        "teacher": teacher.logits.identity,
        "images": page_record.digest(splits),
        "counts": {name: len(split) for name, (split, _) in splits.items()},
        "settings": SETTINGS | {"alpha": ALPHA},
        "seeds": list(range(SEEDS)),
        "errors": train(splits),
    }
    print(f"written to {files.display_path(page_record.write('mnist', record))}")


if __name__ == "__main__":
    sys.exit(main())
