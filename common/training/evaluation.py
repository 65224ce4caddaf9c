"""Evaluation of a trained job: measures on validation and test, weights, one record per run."""

import math

import numpy as np

from common import metrics, teachers
from common.backend import batching
from common.runs import logits_file, provenance, records
from common.training import prior_correction
from common.utils import files


def write_records(job, folder, progress, validation_logits=None, done=()):
    """Evaluate every member of a trained job; write its weights, its logits, then its record.

    Args:
        job: TrainingJob, trained.
        folder: data set's folder, with weights/ and results/.
        progress, validation_logits: as `fit` returns them; logits that are None are predicted.
        done: names of members that already have a record; their records are not changed.

    Returns:
        {name: record} of the other members.

    Raises:
        FloatingPointError: the logits of a member are not finite.
    """
    if validation_logits is None:
        validation_logits = _predict(job, "validation")
    by_alias = {"validation": validation_logits, "test": _predict(job, "test")}
    logits = {
        split: {name: values[alias] for name, alias in job.aliases.items()}
        for split, values in by_alias.items()
    }
    for name, test_logits in logits["test"].items():
        if not np.isfinite(test_logits).all():
            raise FloatingPointError(
                f"the logits of {name} are no longer finite: lower the learning rate"
            )
    return {
        run.name: _write(job, run, folder, progress, logits)
        for run in job.members
        if run.name not in done
    }


def _predict(job, split):
    """{name in the model: (n, classes) logits} of all members."""
    return batching.predict_logits(job.model, getattr(job.dataset, split).images)


def _write(job, run, folder, progress, logits):
    """Write a run's weights, its logits and its record; return the record."""
    model = job.model.models[job.aliases[run.name]]
    with files.atomic_write(records.weights_path(folder, run)) as temporary:
        model.save_weights(temporary)
    here = provenance.environment()
    values = _description(job, run, model, progress, here)
    logits_of_run = {split: by_name[run.name] for split, by_name in logits.items()}
    record_path = records.path(folder, run)
    logits_file.write(record_path, values["weights_sha256"], job.dataset, logits_of_run)
    for split in logits_of_run:
        values[split] = _measures(job, run, split, logits_of_run[split])
    if missing := run.transfer_set.missing(job.dataset.classes):
        values["missing_classes"] = _bias_corrections(job, run, logits, missing)
    return records.write(folder, run, values | here)


def _description(job, run, model, progress, here):
    prefix, data = f"{run.name}_", job.full_dataset
    computed_in = progress.get("computed_in") or [run.recipe.precision]
    history = progress["history"].items()
    curve = {key.replace(prefix, ""): values for key, values in history if prefix in key}
    return {
        "parameters": sum(math.prod(weight.shape) for weight in model.trainable_weights),
        "images": {split: len(getattr(job.dataset, split)) for split in teachers.SPLITS},
        "curve": curve,
        "seconds": round(progress["seconds"], 1),
        "trained_side_by_side": len(job.members),  # of all seeds, in a stack
        **({"stacked": True} if getattr(job.model, "takes_seed_slices", False) else {}),
        **({} if computed_in == [run.recipe.precision] else {"computed_in": computed_in}),
        **({"callbacks": used} if (used := progress.get("callbacks")) else {}),
        **({"earlier_environments": b} if (b := _earlier(progress, here)) else {}),
        # a data set without an entry in the catalogue: what its networks normalize pixels with
        **({} if data.fixed_statistics else {"pixel_statistics": job.dataset.pixel_statistics}),
        "weights_sha256": teachers.weights_hash(model),
    }


def _earlier(progress, here):
    """Environments of the first epochs, if the run was resumed in another one.

    They are of all epochs if only the evaluation was left. The commit may change meanwhile.
    """
    environments, same = progress.get("environments", []), {"commit": None}
    trained_here = environments and environments[-1] | same == here | same
    return environments[:-1] if trained_here else environments


def _bias_corrections(job, run, logits, missing):
    labels = job.full_dataset.train.labels
    return prior_correction.evaluate_corrections(
        logits["validation"][run.name],
        logits["test"][run.name],
        job.dataset.test.labels,
        np.bincount(labels, minlength=job.dataset.classes) / len(labels),
        missing,
    )


def _measures(job, run, split, logits):
    images, labels = getattr(job.dataset, split).images, getattr(job.dataset, split).labels
    teacher_logits = None
    if run.teacher:
        teacher_logits = job.teachers[run.teacher].targets(split, images).unaugmented()
    measures = metrics.summary(logits, labels, teacher_logits)
    if split == "validation":
        del measures["wrong"], measures["wrong_answers"]  # only test predictions are compared
    return measures
