"""What `python -m common.benchmark distill` and `kernels` kept, as README's tables."""

import dataclasses
import json
from pathlib import Path

from common.benchmark.rows import HEADER, Row

FOLDER = Path(__file__).parent
FILE, KERNELS = "distill.json", "kernels.json"
_SHOWN = ("keras", "tensorflow", "jax", "torch")


def keep(made_with, rows, folder=FOLDER):
    """Keep one run's rows, in place of the same that this machine measured on this backend.

    Args:
        made_with: `machine.description()`, `repeats` of each value, timed `steps` of an epoch.
        rows: list of Row.
    """
    from common.utils import files

    new = {row.what for row in rows}
    kept = []
    for made in read(folder):
        if all(made[key] == made_with[key] for key in ("device", "backend")):
            made["rows"] = [row for row in made["rows"] if row["what"] not in new]
        kept += [made] if made["rows"] else []
    kept.append(made_with | {"rows": [dataclasses.asdict(row) for row in rows]})
    files.write_json(Path(folder) / FILE, kept)


def read(folder=FOLDER):
    """List of runs that measured something, in their order."""
    file = Path(folder) / FILE
    return json.loads(file.read_text()) if file.exists() else []


def distill(_found=(), folder=FOLDER):
    """Markdown: a table a run, its machine and versions in the first cell."""
    from common import results

    tables = []
    for made in read(folder):
        versions = made["versions"]
        used = ", ".join(f"{name} {versions[name]}" for name in _SHOWN if name in versions)
        title = f"{made['device']}, {used}, medians of {made['repeats']}"
        rows = [Row(**row).cells() for row in made["rows"]]
        tables.append(results.markdown([title, *HEADER], rows))
    return "\n".join(tables)


def keep_kernels(made, folder=FOLDER):
    """Keep the counts of `kernels`, in place of earlier ones."""
    from common.utils import files

    files.write_json(Path(folder) / KERNELS, made)


def kernels(_found=(), folder=FOLDER):
    """Markdown: the kernels of training steps as they were counted last."""
    return of_kernels(json.loads((Path(folder) / KERNELS).read_text()))


def of_kernels(made):
    """Markdown of {"jax": version, "rows": [(what against what, ours, theirs)]}."""
    from common import results

    title = f"kernels a training step, compiled for an H100 by JAX {made['jax']}"
    cells = [
        [what, f"{ours}", f"{theirs}", f"{100 * ours / theirs:.0f} %"]
        for what, ours, theirs in made["rows"]
    ]
    return results.markdown([title, "ours", "theirs", "ratio"], cells)


TABLES = {"distill": distill, "kernels": kernels}
PICTURES = {}
