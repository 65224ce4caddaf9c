"""Weights of every committed teacher are located, beside its logits or alone."""

import pytest

from common.results import readme
from common.runs import Run, records
from common.teachers import weights

ROOT = readme.README.parent
FILES = sorted(
    path
    for name in (weights.FLOAT32_FILE, weights.FLOAT16_FILE)
    for path in ROOT.glob(f"*/**/teachers/*/{name}")
    if not {".venv", "runs", "build"} & set(path.relative_to(ROOT).parts)
)


def run_of(path):
    """Folder of the study and `Run` of the record whose teacher's weights lie at `path`."""
    folder = path.parents[2]
    names = [source.stem for source in (folder / "results").glob("*.json")]
    name = max((name for name in names if path.parent.name.startswith(name)), key=len)
    record = records.load(records.path_of(folder, name))
    return folder, Run.from_configuration(record["configuration"], record["seed"])


def test_there_are_committed_weights():
    assert len(FILES) >= 10


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_committed_weights_are_found(path):
    folder, run = run_of(path)
    find = (
        records.find_weights if path.name == weights.FLOAT32_FILE else records.find_float16_weights
    )
    found = find(folder, run)
    assert found == (path if path.name == weights.FLOAT32_FILE else path.parent)
    assert records.has_weights(folder, run)
