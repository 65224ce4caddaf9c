"""Train runs side by side, or read what an earlier call left; resume what a kill cut short."""

import contextlib
import hashlib
import math
import os
import time
from pathlib import Path

import filelock

from common import batches, checkpoints, files, machine, metrics, models, records, teachers
from common.backend import keras
from common.checks import require_writable
from common.progress import Progress
from common.runs import Recipe, Run
from common.side_by_side import SideBySide, Student

__all__ = ["Recipe", "Run", "load_model", "run"]


def run(runs, dataset, *, output_dir, also_read=(), teachers=(), callbacks=()):
    """Return the records of `runs`, training side by side those that have none yet.

    Runs of one recipe and seed train together: the same batches, views and, for one
    architecture, initial weights. A killed call goes on from its last finished epoch and ends
    with the same weights as an uninterrupted one.

    Args:
        runs: list of Run, all of `dataset`.
        dataset: data.Dataset.
        output_dir: gets results/, weights/ and, meanwhile, state/.
        also_read: folders whose results/ may hold finished runs too.
        teachers: Logits of every teacher that the runs name.
        callbacks: any Keras callbacks, for each training.

    Returns:
        list of dict, one record a run, in the order of `runs`.

    Raises:
        ValueError: runs of another data set; a teacher not given; an output folder that cannot
            be written; a damaged record or checkpoint; a run that another process is training.
        FloatingPointError: a loss that is no longer finite.
    """
    given = {logits.identity: logits for logits in teachers}
    _check(runs, dataset, given)
    folder = require_writable(output_dir)
    found = _finished(runs, [folder, *also_read])
    for group in _groups(runs):
        if any(run.name not in found for run in group):
            with _locked(folder, group):
                found |= _train(group, set(found), dataset, folder, given, callbacks)
    return [found[run.name] for run in runs]


def load_model(folder, run, dataset):
    """Build a finished run's model with its trained weights, checked against its record.

    Raises:
        ValueError: no record or weights in `folder`, or weights that are not the record's.
    """
    record, path = records.read(folder, run), records.weights_path(folder, run)
    if record is None or not path.exists():
        raise ValueError(f"{folder} holds no trained {run.name}: train it first")
    model = _build(run, dataset)
    try:
        model.load_weights(path)
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(f"the weights {path} are damaged ({error}): delete them") from None
    if teachers.weights_hash(model) != record["weights_sha256"]:
        raise ValueError(f"the weights {path} are not those that its record describes")
    return model


def _check(runs, dataset, given):
    for run in runs:
        if run.dataset != dataset.name:
            raise ValueError(f"{run.name} is a run on {run.dataset}, the data are {dataset.name}")
        if run.teacher and run.teacher not in given:
            raise ValueError(f"{run.name} needs {run.teacher}: pass its Logits as a teacher")


def _finished(runs, folders):
    found = {}
    for folder in folders:
        new = {run.name: records.read(folder, run) for run in runs if run.name not in found}
        new = {name: record for name, record in new.items() if record}
        if new:
            where = os.path.relpath(Path(folder) / "results")
            print(f"read {len(new)} of {len(runs)} records from {where}: nothing to train there")
        found |= new
    return found


def _groups(runs):
    groups = {}
    for run in runs:
        groups.setdefault((run.recipe, run.seed), []).append(run)
    return groups.values()


@contextlib.contextmanager
def _locked(folder, group):
    with contextlib.ExitStack() as stack:
        for run in group:
            lock = filelock.FileLock(require_writable(folder / "state") / f"{run.name}.lock")
            try:
                stack.enter_context(lock.acquire(blocking=False))
            except filelock.Timeout:
                raise ValueError(
                    f"another process is training {run.name} into {folder}: wait for it to end"
                ) from None
        yield


def _train(group, finished, dataset, folder, given, callbacks):
    """Train a group's unfinished runs; return {name: record}."""
    key = hashlib.sha256("\n".join(sorted(run.name for run in group)).encode()).hexdigest()
    state = folder / "state" / f"{key[:16]}.npz"
    members = [run for run in group if run.name not in finished]
    saved = checkpoints.progress(state)
    if saved and {run.name for run in members} <= set(saved["members"]):
        # killed between two records: all members of the finished training are needed again
        members = [run for run in group if run.name in saved["members"]]
    else:
        saved = None
    training = _Training(members, dataset, given)
    progress = training.fit(state, saved, callbacks)
    result = training.write_records(folder, progress)
    state.unlink(missing_ok=True)
    return result


class _Training:
    """One group of runs, their models and their targets."""

    def __init__(self, members, dataset, given):
        self.members, self.dataset, self.recipe = members, dataset, members[0].recipe
        self.targets = {
            split: {
                name: targets
                for run in members
                if run.teacher
                for name, targets in [self._targets(run, split, given[run.teacher])]
            }
            for split in ("train", "validation", "test")
        }
        self.batches = batches.Batches(
            dataset.train, self.targets["train"], self.recipe, members[0].seed
        )
        self.model = SideBySide(
            {
                run.name: Student(
                    _build(run, dataset), run.temperature, run.alpha, _source(run) or "teacher"
                )
                for run in members
            },
            weight_decay=self.recipe.weight_decay,
        )
        self.model.compile(_optimizer(self.recipe, len(self.batches)))
        self.model.optimizer.build(self.model.trainable_variables)

    def _targets(self, run, split, logits):
        view_set = self.recipe.views if split == "train" else "plain"
        targets = logits.targets(split, getattr(self.dataset, split).images, view_set)
        if targets.logits.shape[-1] != self.dataset.classes:
            raise ValueError(
                f"{logits.identity} has {targets.logits.shape[-1]} classes, "
                f"{self.dataset.name} {self.dataset.classes}"
            )
        return _source(run), targets.shuffled(run.seed) if run.shuffled else targets

    def fit(self, state, saved, callbacks):
        """Train to the last epoch, from a saved state if there is one; return the progress."""
        progress = saved or {
            "members": [run.name for run in self.members],
            "epochs": 0,
            "seconds": 0.0,
            "history": {},
        }
        if saved:
            checkpoints.restore(state, self.model)
        if progress["epochs"] < self.recipe.epochs:
            title = f"{self.dataset.name}, {len(self.members)} side by side"
            title = f"{title}, seed {self.members[0].seed}"
            line = Progress(title, progress["epochs"], self.recipe.epochs, len(self.batches))
            self.model.fit(
                self.batches,
                epochs=self.recipe.epochs,
                initial_epoch=progress["epochs"],
                validation_data=batches.aligned(
                    self.dataset.validation, self.targets["validation"]
                ),
                validation_batch_size=500,
                callbacks=[_Epochs(self.batches, state, progress), *callbacks, line],
                verbose=0,
            )
        return progress

    def write_records(self, folder, progress):
        """Measure every member once on validation and test; write weights, then record."""
        logits = {
            split: self.model.predict(
                getattr(self.dataset, split).images, batch_size=500, verbose=0
            )
            for split in ("validation", "test")
        }
        return {
            run.name: self._write_record(
                folder, run, progress, {split: logits[split][run.name] for split in logits}
            )
            for run in self.members
        }

    def _write_record(self, folder, run, progress, logits):
        model = self.model.models[run.name]
        with files.replacing(records.weights_path(folder, run)) as temporary:
            model.save_weights(temporary)
        curve = {
            key.replace(f"{run.name}_", ""): values
            for key, values in progress["history"].items()
            if f"{run.name}_" in key
        }
        values = {
            "parameters": sum(math.prod(weight.shape) for weight in model.trainable_weights),
            "images": {
                split: len(getattr(self.dataset, split))
                for split in ("train", "validation", "test")
            },
            "validation": self._measures(run, "validation", logits),
            "test": self._measures(run, "test", logits),
            "curve": curve,
            "seconds": round(progress["seconds"], 1),
            "trained_side_by_side": len(self.members),
            "weights_sha256": teachers.weights_hash(model),
        }
        return records.write(folder, run, values | machine.description())

    def _measures(self, run, split, logits):
        part = getattr(self.dataset, split)
        measures = metrics.summary(logits[split], part.labels)
        if run.teacher:
            targets = batches.aligned(part, self.targets[split])[1][_source(run)]
            measures["agreement"] = metrics.agreement(logits[split], targets)
        if split == "validation":
            del measures["wrong"]  # only the test split's are paired
        return measures


class _Epochs(keras.callbacks.Callback):
    """Before each epoch its order of images, after it the state on disk."""

    def __init__(self, data, state, progress):
        super().__init__()
        self.data, self.state, self.progress = data, state, progress

    def on_epoch_begin(self, epoch, logs=None):
        self.began = time.perf_counter()
        self.data.start(epoch)

    def on_epoch_end(self, epoch, logs=None):
        if not math.isfinite(logs["loss"]):
            raise FloatingPointError(
                f"the loss is {logs['loss']} after epoch {epoch + 1}: lower the learning rate"
            )
        for key, value in logs.items():
            self.progress["history"].setdefault(key, []).append(float(f"{value:.6g}"))
        self.progress["epochs"] = epoch + 1
        self.progress["seconds"] += time.perf_counter() - self.began
        checkpoints.save(self.state, self.model, self.progress)


def _source(run):
    """The name of a run's teacher among the training targets."""
    return f"{run.teacher}{' shuffled' * run.shuffled}" if run.teacher else None


def _build(run, dataset):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(run.recipe.precision)
    try:
        return models.build(
            run.model, dataset.image_shape, dataset.classes, seed=run.seed, **run.options
        )
    finally:
        keras.config.set_dtype_policy(policy)


def _optimizer(recipe, steps):
    rate = _schedule(recipe, steps)
    if recipe.optimizer == "adam":
        return keras.optimizers.Adam(rate)
    return keras.optimizers.SGD(rate, momentum=0.9, nesterov=True)


def _schedule(recipe, steps):
    schedules = keras.optimizers.schedules
    rate, total = recipe.learning_rate, recipe.epochs * steps
    if recipe.schedule == "constant":
        return rate
    if recipe.schedule == "steps":
        rates = [rate * 0.1**drop for drop in range(len(recipe.milestones) + 1)]
        return schedules.PiecewiseConstantDecay([steps * m for m in recipe.milestones], rates)
    rise = round(recipe.warmup * total)
    if not rise:
        return schedules.CosineDecay(rate, total, alpha=recipe.final)
    return schedules.CosineDecay(
        0.0, total - rise, alpha=recipe.final, warmup_target=rate, warmup_steps=rise
    )
