"""Record of the page's students, trained with several seeds by `common.explorer.page_seeds`."""

import json

from common.utils import files, packages

FILE = "page_seeds.json"  # in a data set's folder


def digest(splits):
    """First 16 hexadecimal digits of the SHA-256 of what the page's students learn and answer.

    Args:
        splits: {name: (data.Split, (n, classes) floats)} of `page_content.splits`.
    """
    parts = (
        (split.images, split.labels.astype("uint8"), logits.astype("<f2"))
        for split, logits in splits.values()
    )
    return files.sha256_of(array for part in parts for array in part)[:16]


def write(dataset, record):
    """Save the record of a data set; return its path."""
    path = packages.folder(dataset) / FILE
    files.write_json(path, record)
    return path


def read(dataset, splits):
    """Settings and errors of a data set's record, as training_results.js reads them.

    Args:
        dataset: its name.
        splits: as in `digest`.

    Returns:
        dict; empty if there is no record, or it is of other images or another teacher.
    """
    path = packages.folder(dataset) / FILE
    record = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if record.get("images") != digest(splits):
        return {}
    return {key: record[key] for key in ("settings", "seeds", "errors")}
