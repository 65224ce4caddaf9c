"""One JSON file a run and seed: everything that decided it and everything it gave."""

import json
from pathlib import Path

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
    """Where the record of `run` lies in a data set's folder, or will."""
    return Path(folder) / "results" / f"{run.name}.json"


def weights_path(folder, run):
    """Where training keeps the weights of `run`; elsewhere committed ones lie: `find_weights`."""
    return Path(folder) / "weights" / f"{run.name}.weights.h5"


def find_weights(folder, run):
    """Path of a run's weights: kept by training, or beside a teacher's logits; else None."""
    beside = Path(folder) / "teachers" / run.name / weights.FLOAT32_FILE
    kept = (weights_path(folder, run), beside)
    return next((path for path in kept if path.exists()), None)


def find_float16_weights(folder, run):
    """The folder of a teacher's logits that holds its weights as float16; else None."""
    beside = Path(folder) / "teachers" / run.name
    return beside if (beside / weights.FLOAT16_FILE).exists() else None


def has_weights(folder, run):
    """Whether a run's weights lie in `folder`, exact or as float16."""
    return bool(find_weights(folder, run) or find_float16_weights(folder, run))


def write(folder, run, values):
    """Write a finished run's record, whole or not at all; return it as `read` would."""
    record = {"run": run.id, "seed": run.seed, "configuration": run.configuration} | values
    files.write_json(path(folder, run), record)
    return read(folder, run)


def read(folder, run):
    """The record of `run` in `folder`, or None where there is none.

    Raises:
        ValueError: a damaged record, or one whose configuration is not the run's.
    """
    source = path(folder, run)
    if not source.exists():
        return None
    record = load(source)
    if record["configuration"] != run.configuration or record["seed"] != run.seed:
        raise ValueError(f"{source} records another configuration than its name: delete it")
    return record


def load(source):
    """Read one record's file; ValueError, naming it, if it is damaged or incomplete."""
    try:
        record = json.loads(Path(source).read_text(), parse_constant=_no_number)
        missing = _REQUIRED - set(record)
        for split in {"validation", "test"} - missing:
            missing |= {f"{split}'s {name}" for name in _MEASURES - set(record[split])}
    except (ValueError, TypeError) as error:
        raise ValueError(f"the record {source} is damaged ({error}): delete it") from None
    if missing:
        raise ValueError(f"the record {source} lacks {', '.join(sorted(missing))}: delete it")
    return record


def _no_number(text):
    raise ValueError(f"{text} among its numbers")


def load_all(folder):
    """Every record in a data set's folder, in the order of their names."""
    found = sorted((Path(folder) / "results").glob("[!.]*.json"))  # not a killed writer's
    return [load(source) for source in found]
