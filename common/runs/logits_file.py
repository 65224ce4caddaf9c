"""Logits file of a run: its validation and test logits, from which later measures are computed.

`<run>-seed<k>.npz`, in the folder of the run's record, holds the logits as float16, the labels, a
hash of the images and the hash of the weights. A measure that is registered in `metrics.MEASURES`
after the training is computed from these logits when the record is read. float16 rounds a logit to
11 significant bits.
"""

import sys
import zipfile
from pathlib import Path

import numpy as np

from common import metrics, teachers
from common.distillation import MULTI_LABEL
from common.utils import files, packages

SPLITS = ("validation", "test")
_MAX_FLOAT16 = np.finfo("float16").max


def path(record_path):
    """Path of the logits file of the record in `record_path`, whether or not it exists."""
    return Path(record_path).with_suffix(".npz")


def write(record_path, weights_sha256, dataset, logits):
    """Write a run's logits atomically, beside its record.

    Args:
        record_path: path of the record.
        weights_sha256: hash of the trained weights, as in the record.
        dataset: data.Dataset that the logits were computed on.
        logits: {"validation", "test": (n, classes) floats}.
    """
    arrays = {"weights_sha256": np.array(weights_sha256)}
    for split in SPLITS:
        data = getattr(dataset, split)
        arrays[split] = np.clip(logits[split], -_MAX_FLOAT16, _MAX_FLOAT16).astype("float16")
        arrays[f"{split}_labels"] = np.asarray(data.labels, "uint16")
        arrays[f"{split}_images"] = np.array(_hash_of(teachers.image_keys(data.images)))
    files.write_arrays(path(record_path), arrays)


def add_missing_measures(record, record_path):
    """A record with all measures of `metrics.MEASURES` that its logits file allows.

    Args:
        record: dict, as in its JSON file; it is not changed.
        record_path: path of that file.

    Returns:
        dict; `record` itself if it has all measures or has no logits file. A file that is damaged
        or of another training is ignored, with one sentence on standard error.
    """
    multi_label = record["configuration"].get("method") in MULTI_LABEL
    keys = {measure.key for measure in metrics.MEASURES if measure.takes(multi_label)}
    incomplete = [split for split in SPLITS if keys - set(record[split])]
    if not incomplete or not path(record_path).exists():
        return record
    try:
        arrays = _read(path(record_path), record["weights_sha256"])
    except ValueError as error:
        print(f"ignored: {error}", file=sys.stderr)
        return record
    return record | {split: _measured(record, record_path, arrays, split) for split in incomplete}


def _read(source, weights_sha256):
    """{name: array} of a logits file; ValueError if it is damaged or of another training."""
    try:
        with np.load(source, allow_pickle=False) as stored:
            arrays = dict(stored)
        pairs = [(arrays[split], arrays[f"{split}_labels"]) for split in SPLITS]
        shapes_pair = all(x.ndim == 2 and y.shape in (x.shape[:1], x.shape) for x, y in pairs)
        trained = str(arrays["weights_sha256"])
    except (ValueError, TypeError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"the logits file {source} is damaged ({error}): delete it") from None
    if trained != weights_sha256 or not shapes_pair:
        raise ValueError(f"{source} holds the logits of another training: delete it")
    return arrays


def _measured(record, record_path, arrays, split):
    """Measures of one split: those of the record, then those computed from its logits."""
    logits = arrays[split].astype("float64")
    labels, teacher = arrays[f"{split}_labels"], record["configuration"]["teacher"]
    absent = [
        measure
        for measure in metrics.measures_for(logits.shape[1], teacher, labels.ndim == 2)
        if measure.key not in record[split]
    ]
    second = {"labels": labels}
    if any(measure.against == "teacher" for measure in absent):
        second["teacher"] = _teacher_logits(record, record_path, arrays, split)
    values = {
        measure.key: measure.function(logits, second[measure.against])
        for measure in absent
        if second[measure.against] is not None
    }
    return record[split] | values


def _teacher_logits(record, record_path, arrays, split):
    """(n, classes) logits of a student's teacher on the same images; None if there are none."""
    configuration = record["configuration"]
    folders = (Path(record_path).parents[1], packages.folder(configuration["dataset"]))
    for folder in folders:
        for finished in teachers.finished_folders(folder, _run_name(configuration)):
            logits = _read_logits(finished)
            if logits and logits.identity == configuration["teacher"]:
                stored, keys = logits.in_file_order(split)
                if _hash_of(keys) == str(arrays[f"{split}_images"]):
                    return stored
    return None


def _read_logits(folder):
    """`Logits` in a folder; None if they are damaged, or replaced at this moment."""
    try:
        return teachers.Logits(folder)
    except (OSError, ValueError) as error:
        print(f"ignored: {error}", file=sys.stderr)
        return None


def _run_name(configuration):
    return configuration["teacher"].partition("@")[0]


def _hash_of(keys):
    return files.sha256_of([keys])
