"""What a training gave: weights, measures on validation and test, one record a run."""

import math

import numpy as np

from common import metrics, teachers
from common.backend import batching
from common.runs import provenance, records
from common.training import prior_correction
from common.training.accelerated import stacked
from common.utils import files


def write_records(group, folder, progress, done=()):
    """Ask every member of a trained group once; write its weights, then its record.

    Args:
        group: TrainingJob, trained.
        folder: gets weights/ and results/.
        progress: as `fit` returned it.
        done: names of those that had a record before, which is kept.

    Returns:
        {name: record} of the others.

    Raises:
        FloatingPointError: a member whose answers are not finite.
    """
    logits = {split: _predict(group, split) for split in ("validation", "test")}
    for name, answers in logits["test"].items():
        if not np.isfinite(answers).all():
            raise FloatingPointError(
                f"the answers of {name} are no longer finite: lower the learning rate"
            )
    written = {}
    for run in (run for run in group.members if run.name not in done):
        model = group.model.models[run.name]
        with files.atomic_write(records.weights_path(folder, run)) as temporary:
            model.save_weights(temporary)
        values = _description(group, run, model, progress)
        for split, answers in logits.items():
            values[split] = _measures(group, run, split, answers[run.name])
        if missing := run.transfer_set.missing(group.dataset.classes):
            values["missing_classes"] = _with_new_biases(group, run, logits, missing)
        written[run.name] = records.write(folder, run, values | provenance.environment())
    return written


def _predict(group, split):
    """{name: (n, classes) logits} of all members."""
    return batching.predict_logits(group.model, getattr(group.dataset, split).images)


def _description(group, run, model, progress):
    history = progress["history"].items()
    own = {key: values for key, values in history if f"{run.name}_" in key}
    return {
        "parameters": sum(math.prod(weight.shape) for weight in model.trainable_weights),
        "images": {split: len(getattr(group.dataset, split)) for split in teachers.SPLITS},
        "curve": {key.replace(f"{run.name}_", ""): values for key, values in own.items()},
        "seconds": round(progress["seconds"], 1),
        "trained_side_by_side": len(group.members),  # in a stack those of all its seeds
        **({"stacked": True} if isinstance(group.model, stacked.StackedStudents) else {}),
        **({"callbacks": used} if (used := progress.get("callbacks")) else {}),
        "weights_sha256": teachers.weights_hash(model),
    }


def _with_new_biases(group, run, logits, missing):
    seen = group.full_dataset.train.labels
    return prior_correction.evaluate_corrections(
        logits["validation"][run.name],
        logits["test"][run.name],
        group.dataset.test.labels,
        np.bincount(seen, minlength=group.dataset.classes) / len(seen),
        missing,
    )


def _measures(group, run, split, logits):
    part = getattr(group.dataset, split)
    measures = metrics.summary(logits, part.labels)
    if run.teacher:
        teacher = group.teachers[run.teacher].targets(split, part.images).unaugmented()
        measures["agreement"] = metrics.agreement(logits, teacher)
    if split == "validation":
        del measures["wrong"], measures["wrong_answers"]  # only the test split's are paired
    return measures
