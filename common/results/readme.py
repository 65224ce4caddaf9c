"""From groups of records to tables, and to README.

`python -m common.results --write` renews README's pictures and the tables between the lines
`<!-- results DATASET TABLE -->` and `<!-- end -->`; `--check` says whether they are true.
DATASET_all has those of runs on `Dataset.trainval`; any package with a module `tables` will do.
"""

import argparse
import re
import sys
from pathlib import Path

from common.results.groups import dataset_settings, group_seeds, select
from common.results.tables import PENDING
from common.runs import records
from common.utils import files, packages

README = Path(__file__).parents[2] / "README.md"
_MARKED = re.compile(r"(<!-- results ([\w.]+) (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def table(dataset, name):
    """One of a data set's tables as Markdown, from its committed full-size records."""
    return _made_of(_tables(dataset), dataset)[name](_published(dataset))


def drop_pending(table):
    """A table's Markdown without the rows of which nothing was run."""
    rows = table.splitlines(keepends=True)
    return "".join(row for row in rows if PENDING not in row or "→" in row)


def render_all(module, found, also=()):
    """Yield each table, as Markdown, that a data set's tables module makes of `found` groups.

    Args:
        also: names of data sets whose full-size tables are made even where nothing was found.
    """
    shown = dataset_settings(found)
    full = [{"dataset": name, "limit": None} for name in also]
    for settings in shown + [one for one in full if one not in shown]:
        for make in _made_of(module, settings["dataset"]).values():
            yield make(select(found, **settings))


def write_figures(dataset):
    """Write a data set's pictures for README into its folder."""
    for name, picture in _tables(dataset).PICTURES.items():
        with files.atomic_write(_tables(dataset).FOLDER / name) as temporary:
            picture(_published(dataset)).savefig(temporary, format="png")


def _tables(dataset):
    return packages.load_module(dataset, "tables")


def _made_of(module, dataset):
    """{name: function} of a tables module; it may have others for `data.Dataset.whole`."""
    if dataset.endswith(packages.TRAINVAL_SUFFIX):
        return getattr(module, "TABLES_OF_WHOLE", {})
    return module.TABLES


def _published(dataset):
    found = group_seeds(records.load_all(_tables(dataset).FOLDER))
    return select(found, dataset=dataset, limit=None)


def render(text):
    """`text` with every marked table made anew."""
    return _MARKED.sub(lambda m: m[1] + table(m[2], m[3]) + m[5], text)


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m common.results", description=__doc__)
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--write", action="store_true", help="renew README.md's tables")
    choice.add_argument("--check", action="store_true", help="fail if a table is not true")
    options = parser.parse_args(arguments)
    text = README.read_text()
    fresh = render(text)
    if options.write:
        with files.atomic_write(README) as temporary:
            temporary.write_text(fresh)
        names = {
            match[2].removesuffix(packages.TRAINVAL_SUFFIX) for match in _MARKED.finditer(text)
        }
        for dataset in sorted(names):
            write_figures(dataset)
    elif fresh != text:
        sys.exit("README.md's tables differ from the records: python -m common.results --write")
    print(f"{len(_MARKED.findall(text))} tables in README.md are those of the records")
