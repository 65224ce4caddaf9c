"""What `python -m common.benchmark distill --write` kept, as README's table."""

import dataclasses
import json
from pathlib import Path

from common.benchmark.rows import HEADER, Row

FOLDER = Path(__file__).parent
FILE = "distill.json"
_SHOWN = ("keras", "tensorflow", "jax", "torch")


def keep(made_with, rows, folder=FOLDER):
    """Keep one machine's rows, in place of what it measured before on the same backend.

    Args:
        made_with: `machine.description()`, `repeats` of each value, timed `steps` of an epoch.
        rows: list of Row.
    """
    from common import files

    made = made_with | {"rows": [dataclasses.asdict(row) for row in rows]}
    others = [one for one in read(folder) if _place(one) != _place(made)]
    files.write_json(Path(folder) / FILE, [*others, made])


def read(folder=FOLDER):
    """List of what each machine measured, in the order in which they did."""
    file = Path(folder) / FILE
    return json.loads(file.read_text()) if file.exists() else []


def distill(_found=(), folder=FOLDER):
    """Markdown: a table a machine, its title in the first cell."""
    from common import results

    tables = []
    for made in read(folder):
        versions = made["versions"]
        used = ", ".join(f"{name} {versions[name]}" for name in _SHOWN if name in versions)
        title = f"{made['device']}, {used}, medians of {made['repeats']}"
        rows = [Row(**row).cells() for row in made["rows"]]
        tables.append(results.markdown([title, *HEADER], rows))
    return "\n".join(tables)


def _place(made):
    return made["device"], made["backend"]


TABLES = {"distill": distill}
PICTURES = {}
