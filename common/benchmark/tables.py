"""Tables of the README from the saved results of its subjects, and from committed records."""

import dataclasses
import json
import re
from pathlib import Path

from common.benchmark.rows import HEADER, Row

FOLDER = Path(__file__).parent
METHOD_ROW = r"distilled by (\w+), against kd$"  # as `method_times` names its rows
FILE, KERNELS, SCALING = "distill.json", "kernels.json", "scaling.json"
_PACKAGES = ("keras", "tensorflow", "jax", "torch")  # whose versions the table names


def save(provenance, rows, folder=FOLDER, file=FILE):
    """Save a benchmark's rows; they replace the same rows of the same device and backend.

    Args:
        provenance: `runs.provenance.environment()` with `repeats` of each value and timed `steps`
            of an epoch.
        rows: list of Row.
        folder, file: where the rows are saved.
    """
    from common.utils import files

    new = {row.what for row in rows}
    results = []
    for result in read(folder, file):
        if all(result[key] == provenance[key] for key in ("device", "backend")):
            result["rows"] = [row for row in result["rows"] if row["what"] not in new]
        results += [result] if result["rows"] else []
    results.append(provenance | {"rows": [dataclasses.asdict(row) for row in rows]})
    files.write_json(Path(folder) / file, results)


def require_dataset(dataset, name):
    """Raise ValueError unless a data set is the one that a table names, not its substitute.

    Args:
        dataset: data.Dataset, as `data.load(name)` returns it, which may be `mnist5k`.
        name: of the data set.
    """
    if dataset.name != name:
        raise ValueError(
            f"{name} cannot be loaded here, only {dataset.name}, of which no table is written: "
            "leave out --write"
        )


def read(folder=FOLDER, file=FILE):
    """List of saved results, provenance with `rows`, oldest first; [] if there are none."""
    path = Path(folder) / file
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def timing_tables(file, folder=FOLDER):
    """Markdown: a table for each saved result, with device and versions in the first cell."""
    from common import results

    tables = []
    for result in read(folder, file):
        versions = result["versions"]
        used = ", ".join(f"{name} {versions[name]}" for name in _PACKAGES if name in versions)
        title = f"{result['device']}, {used}, medians of {result['repeats']}"
        rows = [Row(**row).cells() for row in result["rows"]]
        tables.append(results.markdown([title, *HEADER], rows))
    return "\n".join(tables)


def step_times(folder=FOLDER):
    """{method: time of a step beyond that of "kd", such as `+1 %`}, of the newest saved rows.

    None if the part `methods` of the benchmark has saved none.
    """
    cells = {}
    for result in read(folder):
        for row in (Row(**values).cells() for values in result["rows"]):
            if match := re.search(METHOD_ROW, row[0]):
                cells[match[1]] = row[3]
    return cells or None


def save_kernels(record, folder=FOLDER):
    """Save the counts of `kernels`; they replace earlier ones."""
    from common.utils import files

    files.write_json(Path(folder) / KERNELS, record)


def kernels(folder=FOLDER):
    """Markdown: the saved kernel counts."""
    return kernels_table(json.loads((Path(folder) / KERNELS).read_text(encoding="utf-8")))


def kernels_table(record):
    """Markdown of {"jax": version, "rows": [(what against what, ours, theirs)]}."""
    from common import results

    title = f"kernels per training step, compiled for an H100 by JAX {record['jax']}"
    cells = [
        [what, f"{ours}", f"{theirs}", f"{100 * ours / theirs:.0f} %"]
        for what, ours, theirs in record["rows"]
    ]
    return results.markdown([title, "ours", "theirs", "ratio"], cells)


def simulation():
    """Markdown: simulated schedules of all committed runs of MNIST."""
    from common.benchmark import schedule
    from common.runs import records
    from common.utils import packages

    return schedule.table("mnist", records.load_all(packages.folder("mnist")))


TABLES = {
    "distill": lambda _groups: timing_tables(FILE),
    "kernels": lambda _groups: kernels(),
    "scaling": lambda _groups: timing_tables(SCALING),
    "simulation": lambda _groups: simulation(),
}
PICTURES = {}
