"""Tables and figures of the Markdown pages, written from the committed records.

`python -m common.results --write` rewrites every table between the lines
`<!-- results DATASET TABLE -->` and `<!-- end -->` and the figures of those data sets; `--check`
fails if a table differs from the records. Pages are README.md, the README.md of each package and
docs/*.md. DATASET_all names the tables of runs on `Dataset.trainval`; DATASET may be any package
that has a module `tables`.
"""

import argparse
import functools
import re
import sys

from common.results.groups import dataset_settings, load_groups, select
from common.results.tables import PENDING
from common.utils import files, packages, terminal

README = packages.ROOT / "README.md"
_MARKED = re.compile(r"(<!-- results ([\w.]+) (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def pages():
    """Paths of the Markdown files that hold marked tables, README.md first."""
    root = README.parent
    beside_code = [*root.glob("*/README.md"), *root.glob("*/*/README.md")]
    beside_code = [page for page in beside_code if (page.parent / "__init__.py").exists()]
    candidates = [README, *sorted(beside_code), *sorted(root.glob("docs/*.md"))]
    return [page for page in candidates if _MARKED.search(page.read_text(encoding="utf-8"))]


def table(dataset, name):
    """One of a data set's tables as Markdown, from its committed full-size records."""
    return _tables_by_name(_load_tables(dataset), dataset)[name](_committed(dataset))


def drop_pending(table):
    """A table's Markdown without the rows that have no run yet."""
    rows = table.splitlines(keepends=True)
    return "".join(row for row in rows if PENDING not in row or "→" in row)


def render_all(module, groups, also=()):
    """Yield each table, as Markdown, that a data set's tables module makes of `groups`, if any.

    Args:
        also: names of data sets whose full-size tables are rendered even without a group.
    """
    settings = dataset_settings(groups)
    full_size = [{"dataset": name, "limit": None, "digest": None} for name in also]
    for each in settings + [one for one in full_size if one not in settings]:
        for make in _tables_by_name(module, each["dataset"]).values():
            if text := make(select(groups, **each)):
                yield text


def tables_that_differ(module, groups, without):
    """Yield each table that has a row with `groups` and lacks this row with `without` alone.

    Rows without a run are left out.

    Args:
        module: a data set's module `tables`.
        groups: list of SeedGroup of one data set and limit.
        without: list of some of these groups.
    """
    for make in _tables_by_name(module, groups[0].configuration["dataset"]).values():
        table = make(groups)
        if set(table.splitlines()[2:]) - set(make(without).splitlines()):
            yield drop_pending(table)


def write_figures(dataset):
    """Write a data set's figures into its folder."""
    module = _load_tables(dataset)
    for name, draw in module.PICTURES.items():
        with files.atomic_write(module.FOLDER / name) as temporary:
            draw(_committed(dataset)).savefig(temporary, format="png")


def _load_tables(dataset):
    return packages.load_module(dataset, "tables")


def _tables_by_name(module, dataset):
    """{name: function} of a tables module; those of `Dataset.trainval` are apart."""
    if dataset.endswith(packages.TRAINVAL_SUFFIX):
        return getattr(module, "TRAINVAL_TABLES", {})
    return module.TABLES


def _committed(dataset):
    return select(_all_groups(_load_tables(dataset).FOLDER), dataset=dataset, limit=None)


@functools.cache  # a process renders many tables of a folder
def _all_groups(folder):
    return load_groups(folder)


def render(text):
    """`text` with every marked table rendered again."""
    return _MARKED.sub(lambda m: m[1] + table(m[2], m[3]) + m[5], text)


def main(arguments=None):
    """Rewrite the marked tables of all pages, or exit with a sentence if one differs.

    Args:
        arguments: list of str; by default those of the command line.
    """
    terminal.replace_unencodable()
    options = _parser().parse_args(arguments)
    texts = {page: page.read_text(encoding="utf-8") for page in pages()}
    stale = {page: new for page, text in texts.items() if (new := render(text)) != text}
    marked = [match[2] for text in texts.values() for match in _MARKED.finditer(text)]
    if options.write:
        for page, text in stale.items():
            with files.atomic_write(page) as temporary:
                temporary.write_text(text, encoding="utf-8")
        for dataset in sorted({name.removesuffix(packages.TRAINVAL_SUFFIX) for name in marked}):
            write_figures(dataset)
    elif stale:
        names = ", ".join(str(page.relative_to(README.parent)) for page in stale)
        sys.exit(f"tables in {names} differ from the records: python -m common.results --write")
    print(f"{len(marked)} tables in {len(texts)} files match the records")


def _parser():
    parser = argparse.ArgumentParser(prog="python -m common.results", description=__doc__)
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--write", action="store_true", help="rewrite the tables and figures")
    choice.add_argument("--check", action="store_true", help="fail if a table is out of date")
    return parser
