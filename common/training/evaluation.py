"""What a training gave: weights, measures on validation and test, one record a run."""

import math

import numpy as np

from common import metrics, teachers
from common.backend import batching
from common.runs import provenance, records
from common.training import prior_correction
from common.utils import files


def write_records(job, folder, progress, done=()):
    """Ask every member of a trained job once; write its weights, then its record.

    Args:
        job: TrainingJob, trained.
        folder: gets weights/ and results/.
        progress: as `fit` returned it.
        done: names of those that had a record before, which is kept.

    Returns:
        {name: record} of the others.

    Raises:
        FloatingPointError: a member whose answers are not finite.
    """
    logits = {split: _predict(job, split) for split in ("validation", "test")}
    for name, answers in logits["test"].items():
        if not np.isfinite(answers).all():
            raise FloatingPointError(
                f"the answers of {name} are no longer finite: lower the learning rate"
            )
    written = {}
    for run in (run for run in job.members if run.name not in done):
        model = job.model.models[run.name]
        with files.atomic_write(records.weights_path(folder, run)) as temporary:
            model.save_weights(temporary)
        values = _description(job, run, model, progress)
        for split, answers in logits.items():
            values[split] = _measures(job, run, split, answers[run.name])
        if missing := run.transfer_set.missing(job.dataset.classes):
            values["missing_classes"] = _with_new_biases(job, run, logits, missing)
        written[run.name] = records.write(folder, run, values | provenance.environment())
    return written


def _predict(job, split):
    """{name: (n, classes) logits} of all members."""
    return batching.predict_logits(job.model, getattr(job.dataset, split).images)


def _description(job, run, model, progress):
    history = progress["history"].items()
    own = {key: values for key, values in history if f"{run.name}_" in key}
    return {
        "parameters": sum(math.prod(weight.shape) for weight in model.trainable_weights),
        "images": {split: len(getattr(job.dataset, split)) for split in teachers.SPLITS},
        "curve": {key.replace(f"{run.name}_", ""): values for key, values in own.items()},
        "seconds": round(progress["seconds"], 1),
        "trained_side_by_side": len(job.members),  # in a stack those of all its seeds
        **({"stacked": True} if getattr(job.model, "takes_parts", False) else {}),
        **({"callbacks": used} if (used := progress.get("callbacks")) else {}),
        "weights_sha256": teachers.weights_hash(model),
    }


def _with_new_biases(job, run, logits, missing):
    seen = job.full_dataset.train.labels
    return prior_correction.evaluate_corrections(
        logits["validation"][run.name],
        logits["test"][run.name],
        job.dataset.test.labels,
        np.bincount(seen, minlength=job.dataset.classes) / len(seen),
        missing,
    )


def _measures(job, run, split, logits):
    part = getattr(job.dataset, split)
    measures = metrics.summary(logits, part.labels)
    if run.teacher:
        teacher = job.teachers[run.teacher].targets(split, part.images).unaugmented()
        measures["agreement"] = metrics.agreement(logits, teacher)
    if split == "validation":
        del measures["wrong"], measures["wrong_answers"]  # only the test split's are paired
    return measures
