"""Records of runs: one JSON file per run and seed, with its configuration and its results."""

import json
from pathlib import Path

from common import teachers
from common.runs import logits_file
from common.teachers import weights
from common.utils import files

_REQUIRED = {
    "run",
    "seed",
    "configuration",
    "parameters",
    "validation",
    "test",
    "curve",
    "weights_sha256",
    "images",
}
_MEASURES = {"errors", "accuracy", "negative_log_likelihood", "calibration_error"}


def path(folder, run):
    """Path of the record of `run` in a data set's folder, whether or not it exists."""
    return path_of(folder, run.name)


def path_of(folder, name):
    """Path of the record of the run `name`, a `Run.name`, whether or not it exists."""
    return Path(folder) / "results" / f"{name}.json"


def weights_path(folder, run):
    """Path that training writes the weights of `run` to; `find_weights` finds committed ones."""
    return Path(folder) / "weights" / f"{run.name}.weights.h5"


def find_weights(folder, run):
    """Path of a run's exact weights, in weights/ or below teachers/; None if missing."""
    # beside logits, or alone as committed ones are
    folders = [teachers.folder(folder, run), *teachers.finished_folders(folder, run.name)]
    in_teachers = [path / weights.FLOAT32_FILE for path in folders]
    candidates = (weights_path(folder, run), *in_teachers)
    return next((path for path in candidates if path.exists()), None)


def find_float16_weights(folder, run):
    """The folder of a teacher's logits that holds its float16 weights; None if none does."""
    folders = teachers.finished_folders(folder, run.name)  # their checksum is in the header
    return next((path for path in folders if (path / weights.FLOAT16_FILE).exists()), None)


def has_weights(folder, run):
    """Whether `folder` holds a run's weights, exact or as float16."""
    return bool(find_weights(folder, run) or find_float16_weights(folder, run))


def write(folder, run, values):
    """Write a finished run's record atomically.

    Args:
        folder: the data set's folder.
        run: Run.
        values: dict of plain values, all but run, seed and configuration.

    Returns:
        The record, as `read` returns it.
    """
    record = {"run": run.id, "seed": run.seed, "configuration": run.configuration} | values
    files.write_json(path(folder, run), record)
    return read(folder, run)


def read(folder, run):
    """The record of `run` in `folder`, a dict; None if there is none.

    Raises:
        ValueError: the record is damaged, or its configuration is not the run's.
    """
    source = path(folder, run)
    if not source.exists():
        return None
    record = load(source)
    if record["configuration"] != run.configuration or record["seed"] != run.seed:
        raise ValueError(f"the configuration in {source} does not match its name: delete it")
    return record


def load(source):
    """The record in a file, a dict, with measures that were registered after its training.

    Raises:
        ValueError: the record is damaged or incomplete.
    """
    try:
        record = json.loads(
            Path(source).read_text(encoding="utf-8"), parse_constant=_refuse_constant
        )
        missing = _REQUIRED - set(record)
        for split in {"validation", "test"} - missing:
            missing |= {f"{split}'s {name}" for name in _MEASURES - set(record[split])}
    except (ValueError, TypeError) as error:
        raise ValueError(f"the record {source} is damaged ({error}): delete it") from None
    if missing:
        raise ValueError(f"the record {source} lacks {', '.join(sorted(missing))}: delete it")
    return logits_file.add_missing_measures(record, source)


def load_all(folder):
    """List of all records in a data set's folder, ordered by file name."""
    # temporary files of interrupted writers begin with a dot
    paths = sorted((Path(folder) / "results").glob("[!.]*.json"))
    return [load(path) for path in paths]


def _refuse_constant(text):
    raise ValueError(f"it contains {text}")
